// The notebooks that put this host under pressure and train on what it shows, run by nbclient one after the other: each
// needs its own quiet. The others: test/conformance/docs.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findIn, shapeOf, startNotebooks } from '../../support/kernel/notebooks.ts';
import type { NotebooksInTurn } from '../../support/kernel/notebooks.ts';

const LIMIT_MS = 400_000;
let notebooks: NotebooksInTurn;

beforeAll(() => {
  notebooks = startNotebooks(
    ['02-export-and-privacy'],
    ['03-train-in-python-from-typescript'],
    ['04-hot-swap-under-load'],
    ['11-choose-a-trainer'],
    ['07-pipeline'],
  );
});
afterAll(() => notebooks[Symbol.asyncDispose]());

describe('notebooks', () => {
  it(
    '11-choose-a-trainer.ipynb trains four frameworks on one capture, compares them and makes the best one live',
    async () => {
      const run = await notebooks.run('11-choose-a-trainer');
      expect(run.stdout('train')).toMatch(/^4 models, [1-9]\d* steps were told/);
      expect(shapeOf(run, 'compare')).toEqual({ rows: 7, columns: 5 });
      expect(run.charted('chart').length).toBeGreaterThanOrEqual(7);
      expect(run.stdout('pair')).toMatch(/macro-F1|cannot tell/);
      expect(run.stdout('live')).toContain('decides: true');
      expect(run.stdout('tasks')).toContain('live: true true');
      expect(run.stderr).toBe('');
    },
    LIMIT_MS,
  );

  it(
    '02-export-and-privacy.ipynb exports what pandas reads back, and keeps names out of it',
    async () => {
      const run = await notebooks.run('02-export-and-privacy');
      const files = await notebooks.readExports(run.stdout('end').trim());
      for (const { file, rows, width } of run.rows('read-back') as Record<string, string | number>[]) {
        expect(files[file!]).toMatchObject({ rows });
        expect(files[file!]!.columns).toHaveLength(width as number);
      }
      expect(files['memory.csv']!.columns.slice(0, 4)).toEqual([
        'timestamp',
        'total_mb',
        'available_mb',
        'used_percent',
      ]);
      expect(Number(findIn(run.result('privacy'), /k reached +(\d+)/))).toBeGreaterThanOrEqual(5);
      const sums = run.rows('k').map(({ k, ...counts }) => {
        const { exact, coarser, suppressed } = counts as Record<string, number>;
        expect(files[`processes-k${Number(k)}.parquet`]).toMatchObject({ rows: exact! + coarser! });
        return exact! + coarser! + suppressed!;
      });
      expect(new Set(sums).size).toBe(1);
      expect(files['processes-k20.parquet']!.columns).toContain('name_hash');
      expect(files['processes-k20.parquet']!.columns).not.toContain('name');
      const train = run.rows('labels').map(({ label }) => String(label));
      expect(train.length).toBeGreaterThanOrEqual(2);
      expect(files['train.parquet']!.labels).toEqual(train.sort());
      const rows = Number(findIn(run.result('training'), /rows +(\d+)/));
      expect(files['train.parquet']!.rows + files['test.parquet']!.rows).toBe(rows);
    },
    LIMIT_MS,
  );

  it(
    '03-train-in-python-from-typescript.ipynb trains, compares, decides by the live model, and changes it both ways',
    async () => {
      const run = await notebooks.run('03-train-in-python-from-typescript');
      const model = findIn(run.result('forest'), /^Model (memopt@[0-9A-Za-z-]+) is live/);
      expect(run.shown('forest', 'text/html').join('')).toContain('Confusion matrix');
      const scores = run.rows('linear');
      expect(scores.map(({ what }) => what).slice(0, 2)).toEqual(['forest', 'linear']);
      expect(scores.length).toBeGreaterThanOrEqual(4);
      expect(run.result('decide')).toContain(`model ${model}: `);
      expect(run.result('decide')).toMatch(/^ +goal +relieve: /m);
      expect(run.shown('explain', 'text/html').join('')).toContain('no-target');
      expect(run.charted('decisions')).toHaveLength(20);
      expect(run.charted('decisions').map(({ source }) => source)).toContain('model');
      expect(run.stdout('models')).toMatch(/^verified: memopt .*\n3 versions\n/);
      expect(run.result('activate')).toMatch(/^Live: memopt@.*answers lost +0$/ms);
      expect(run.stdout('rollback')).toBe('live again: the forest\n');
    },
    LIMIT_MS,
  );

  it(
    '04-hot-swap-under-load.ipynb loses no answer while a new version goes live',
    async () => {
      const run = await notebooks.run('04-hot-swap-under-load');
      const asked = Number(findIn(run.stdout('lost'), /^(\d+) decisions asked for, 0 lost/));
      expect(asked).toBeGreaterThan(20);
      const byPhase = run.rows('latencies') as Record<string, string | number>[];
      expect(byPhase.map(({ phase }) => phase)).toEqual(['1 before', '2 during', '3 after']);
      expect(byPhase.reduce((sum, { answers }) => sum + Number(answers), 0)).toBe(asked);
      const answers = run.charted('chart').filter(({ phase }) => phase !== undefined);
      // At most 800, and the slowest.
      expect(answers.length).toBeGreaterThanOrEqual(Math.min(asked, 400));
      const speakers = (phase: string): Set<unknown> =>
        new Set(answers.filter((answer) => answer['phase'] === phase).map((answer) => answer['by']));
      // The rule speaks for a model that a busy machine held up.
      expect(speakers('1 before')).toContain('first');
      expect(speakers('1 before')).not.toContain('second');
      expect(speakers('3 after')).toContain('second');
      expect(speakers('3 after')).not.toContain('first');
      expect(run.result('swap')).toMatch(/^Live: memopt@.*answers lost +0$/ms);
      expect(run.result('rollback')).toMatch(/answers lost +0$/m);
    },
    LIMIT_MS,
  );

  it(
    '07-pipeline.ipynb joins SQLite, CSV and the history of the host, shows its stages while they run, and trains on them',
    async () => {
      const run = await notebooks.run('07-pipeline');
      expect(run.stdout('explain')).toMatch(/^1 +requests +batches /m);
      expect(run.stdout('explain')).toMatch(/^2 +host +plan /m);
      expect(run.stdout('explain')).toMatch(/^2 +trainer +batches /m);
      expect(Number(findIn(run.stdout('run'), /^changed (\d+) times$/m))).toBeGreaterThan(2);
      const picture = run.shown('run', 'text/html').join('');
      expect(picture).toMatch(/stage +rows +rows\/s[^]*\ntrainer +[\d,]+ /);
      const legs = run.rows('bottleneck');
      expect(legs).toHaveLength(2);
      expect(legs[0]).toMatchObject({ leg: 1 });
      expect(legs[1]).toMatchObject({ leg: 2, stage: 'trainer' });
      const read = Number(legs[0]!['rows_in']);
      const trained = Number(legs[1]!['rows_out']);
      expect(trained).toBeGreaterThan(20);
      expect(trained).toBeLessThanOrEqual(read);
      expect(run.stdout('scores')).toMatch(/^slow-requests@[0-9A-Za-z-]+: stored as asked$/m);
      const scores = run.rows('scores');
      expect(scores.map(({ what }) => what)).toEqual(['forest', 'majority']);
      expect(scores.every(({ macro_f1: score }) => Number(score) > 0 && Number(score) <= 1)).toBe(true);
    },
    LIMIT_MS,
  );

  it(
    'startNotebooks() shows no warning of the type checker: no notebook has a false alarm',
    async () => {
      expect(await notebooks.warnings()).toEqual([]);
    },
    LIMIT_MS,
  );
});
