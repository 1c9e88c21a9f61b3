// The notebooks that train nothing, run from their first cell to their last by nbclient, a peer that knows nothing of this
// kernel, and judged by what their cells then hold. Beside them tslab itself. Those that train: test/scenario/docs.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findIn, shapeOf, startNotebooks } from '../../support/kernel/notebooks.ts';
import type { NotebooksInTurn } from '../../support/kernel/notebooks.ts';

const LIMIT_MS = 400_000;
let notebooks: NotebooksInTurn;

beforeAll(() => {
  notebooks = startNotebooks(
    ['05-typescript-and-python'],
    ['01-collect-and-look'],
    ['08-query-dag'],
    ['09-steering'],
    ['10-events'],
    ['06-tslab-notebook'],
    ['06-tslab-notebook', 'tslab'],
  );
});
afterAll(() => notebooks[Symbol.asyncDispose]());

const isPng = (base64: unknown): boolean =>
  Buffer.from(String(base64), 'base64').subarray(1, 4).toString() === 'PNG';

describe('notebooks', () => {
  it(
    '05-typescript-and-python.ipynb carries a DataFrame, arrays, a plot and an exception between TypeScript and Python',
    async () => {
      const run = await notebooks.run('05-typescript-and-python');
      expect(run.result('heap')).toMatch(/^DataFrame: 400 rows × 3 columns\n +ms +heap_mb +rss_mb/);
      const collections = Number(findIn(run.stdout('drops-in-python'), /^(\d+) collections in/));
      expect(collections).toBeGreaterThan(0);
      expect(shapeOf(run, 'drops')).toEqual({ rows: collections, columns: 3 });
      const crossed = run.shown('drops-in-python').join('\n');
      expect(crossed).toContain('→ Python: heap (DataFrame → polars.DataFrame) 400 rows');
      expect(crossed).toContain('← Python: drops (polars.DataFrame → DataFrame)');
      expect(run.shown('plot', 'image/png').map(isPng)).toEqual([true]);
      expect(run.shown('spectrum').join('\n')).toContain('numpy.ndarray float64 → Float64Array) 1000001');
      expect(run.stdout('periods')).toContain('strongest periods: 314.2 and 44.0 samples');
      const error = run.error('exception');
      expect(error).toMatchObject({ ename: 'ZeroDivisionError', evalue: 'division by zero' });
      expect(error.traceback).toContain('return part / whole');
      expect(run.stdout('kept')).toBe(
        'Python still knows drops, heap, power, share, signal\nTypeScript still knows 400 samples\n',
      );
      expect(run.stderr).toBe('');
    },
    LIMIT_MS,
  );

  it(
    '01-collect-and-look.ipynb collects a DataFrame and draws it',
    async () => {
      const run = await notebooks.run('01-collect-and-look');
      const { rows, columns } = shapeOf(run, 'collect');
      expect(rows).toBeGreaterThan(60);
      expect(columns).toBeGreaterThan(40);
      expect(run.result('collect')).toMatch(/ timestamp +total_mb +available_mb +used_percent /);
      const available = run.charted('available').map((row) => row['available_mb']);
      expect(available).toHaveLength(rows);
      expect(Math.max(...(available as number[]))).toBeGreaterThan(Math.min(...(available as number[])));
      expect(new Set(run.charted('pressure').map(({ resource }) => resource))).toEqual(
        new Set(['memory', 'disk', 'processor']),
      );
      const largest = run.rows('processes').map((row) => Number(row['resident_mb']));
      expect(largest).toEqual([...largest].sort((a, b) => b - a));
      expect(run.charted('largest')).toHaveLength(8);
      expect(findIn(run.stdout('history'), /^(\d+) rows were collected/)).toBe(String(rows));
      expect(Number(findIn(run.stdout('history'), /(\d+) are stored/))).toBeGreaterThanOrEqual(rows);
    },
    LIMIT_MS,
  );

  it(
    '06-tslab-notebook.ipynb shows in this kernel what it shows in tslab itself',
    async () => {
      const ours = await notebooks.run('06-tslab-notebook');
      const theirs = await notebooks.run('06-tslab-notebook in tslab');
      for (const cell of ['shapes', 'answer', 'answer-again']) {
        expect(ours.stdout(cell)).toBe(theirs.stdout(cell));
        expect(ours.stdout(cell)).not.toBe('');
      }
      const shown = {
        html: 'text/html',
        markdown: 'text/markdown',
        latex: 'text/latex',
        svg: 'image/svg+xml',
        png: 'image/png',
        progress: 'text/html',
      };
      for (const [cell, mime] of Object.entries(shown)) {
        expect(ours.shown(cell, mime)).toEqual(theirs.shown(cell, mime));
        expect(ours.shown(cell, mime)).toHaveLength(1);
      }
      // tslab prints the last value of a cell, here it is the cell's result.
      expect(ours.shown('squares')).toEqual([theirs.stdout('squares').trimEnd()]);
      expect(ours.stdout('versions')).toContain("tslab: '1.0.22'");
      expect(ours.stderr).toBe('');
    },
    LIMIT_MS,
  );

  it(
    '08-query-dag.ipynb draws the plan of a real query, and intervenes while the load rises',
    async () => {
      const run = await notebooks.run('08-query-dag');
      const operators = Number(findIn(run.stdout('plan'), /^(\d+) operators, \d+ edges$/m));
      expect(operators).toBeGreaterThan(6);
      const [picture] = run.shown('picture', 'image/svg+xml').map(String);
      expect(picture!.match(/<rect /g)).toHaveLength(operators);
      expect(picture).toMatch(/stroke-width="4"[^]*>tension 0\.2\d</);
      const attempts = [
        ...run.stdout('live').matchAll(/^step (\d+): .* tension (0\.\d+) to (0\.\d+): (\w+)$/gm),
      ];
      expect(attempts.length).toBeGreaterThan(0);
      // Before the tension of 0.6, which was not to be crossed.
      expect(Number(attempts[0]![2])).toBeLessThan(0.6);
      for (const [, , before, after, outcome] of attempts) {
        expect(outcome).toMatch(/^(kept|undone)$/);
        if (outcome === 'kept') expect(Number(after)).toBeLessThanOrEqual(Number(before));
      }
      const kept = attempts.filter(([, , , , outcome]) => outcome === 'kept').length;
      expect(run.stdout('end').match(/: undone$/gm) ?? []).toHaveLength(kept);
      expect(run.shown('live', 'image/svg+xml').join('')).not.toBe(picture);
    },
    LIMIT_MS,
  );

  it(
    'startNotebooks() runs 10-events, which draws a recording as frames, as a rate and as a voxel grid',
    async () => {
      const run = await notebooks.run('10-events');
      expect(run.stdout('synth')).toMatch(/^300000 events in \d+ bytes$/m);
      expect(run.stdout('load')).toMatch(/^evt2, 320 × 240: 300000 events, \d+ triggers$/m);
      expect(run.stdout('frames')).toMatch(/^\d+ frames of 5 ms$/m);
      const pictures = (cell: string): number =>
        run
          .shown(cell, 'image/svg+xml')
          .map(String)
          .join('')
          .match(/data:image\/png/g)?.length ?? 0;
      expect([pictures('frames'), pictures('voxels')]).toEqual([6, 5]);
      const [plot] = run.shown('rate', 'image/svg+xml').map(String);
      expect(plot!.match(/<polyline /g)).toHaveLength(2);
      expect(run.stdout('voxels')).toMatch(/^shape 5 × 1 × 240 × 320, sum -?\d+\.\d$/m);
      const [, kept, all] = /^(\d+) of (\d+) events in parquet$/m.exec(run.stdout('convert')) ?? [];
      expect(Number(all)).toBe(300_000);
      expect(Number(kept)).toBeGreaterThan(0);
      expect(Number(kept)).toBeLessThan(300_000);
    },
    LIMIT_MS,
  );

  it(
    '09-steering.ipynb steers a query until a faster arm is verified, with the same rows, and draws it',
    async () => {
      const run = await notebooks.run('09-steering');
      expect(run.stdout('live')).toMatch(/^steered, arm no_\w+, saves \d+ %$/m);
      expect(run.stdout('compare')).toMatch(/the same rows 6 of 6 times$/m);
      const pictures = run.shown('live', 'image/svg+xml').map(String);
      expect(pictures.at(-1)!.match(/<circle /g)!.length).toBe(121);
      expect(pictures.at(-1)).toContain('fill="#2a9d4a"');
      expect(run.stdout('why')).toMatch(/^no_\w+: verified, /m);
      expect(run.stdout('end')).toContain('closed');
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
