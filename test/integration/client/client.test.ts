// The client as scripts use it: a real daemon at 20 Hz that it starts, in a home with a history to train on.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import pl from 'nodejs-polars';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HostStatus } from '../../../src/app/host/status-types.ts';
import { createClient } from '../../../src/index.ts';
import type { Client, TrainingReport } from '../../../src/index.ts';
import { openHistory } from '../../../src/store/index.ts';
import { createTestHome, finished, poll } from '../../support/daemon.ts';
import { pressuredSnapshots } from '../../support/memory-rows.ts';
import { python } from '../../support/python.ts';
import { isRunning } from '../../support/is-running.ts';

const HZ = 20;
let home: Awaited<ReturnType<typeof createTestHome>>;
let rv: Client;

/** Minutes of a host under pressure now and then, ending a minute ago. */
async function writePressuredHistory(directory: string): Promise<void> {
  await using history = await openHistory(directory);
  const rows = pressuredSnapshots(1200, 120, 1000 / HZ);
  const shiftMs = Date.now() - 60_000 - rows.at(-1)!.timestamp;
  history.append(
    'memory',
    rows.map((row) => ({ ...row, timestamp: row.timestamp + shiftMs })),
  );
}

beforeAll(async () => {
  process.env['RUVECTOR_PYTHON'] ??= python;
  home = await createTestHome();
  await writePressuredHistory(home.history);
  rv = createClient({ home: home.root, hz: HZ, horizonMs: 1000, processIntervalMs: 500 });
});
afterAll(async () => {
  await rv.stop();
  await home[Symbol.asyncDispose]();
});

/** Waits until so many streams of the daemon are open, and then for samples. */
async function untilSampled(streams: number, samples: number): Promise<void> {
  const ask = async (): Promise<HostStatus> => (await rv.status()) as unknown as HostStatus;
  const { samples: before } = await poll(ask, ({ bridge }) => bridge.openStreams >= streams);
  await poll(ask, (status) => status.samples >= before + samples);
}

/** The written history only: what this host does meanwhile is not the test's. */
const forest = {
  estimator: 'sklearn.RandomForestClassifier',
  parameters: { n_estimators: 5 },
  dataset: { to: Date.now() - 30_000, blocks: 4 },
};
describe('start, status', () => {
  it('status() starts nothing, start() starts a daemon with its log in the home', async () => {
    expect(await rv.status()).toBeNull();
    const started = await rv.start();
    expect(started).toMatchObject({ startedHere: true, config: { hz: HZ, horizonMs: 1000 }, acting: false });
    expect(await rv.status()).toMatchObject({ pid: started.pid, home: home.root });
    // It is said when all is up, a moment after the first answer.
    const log = async (): Promise<string> => readFileSync(join(home.run, 'daemon.log'), 'utf8');
    await poll(log, (text) => text.includes(`at ${HZ} Hz, dry run`));
  });

  it('start() and collect() name the rate of a running daemon and what to do', async () => {
    const other = createClient({ home: home.root });
    await expect(other.start({ hz: 1, horizonMs: 5 })).rejects.toMatchObject({
      code: 'ERR_CLIENT_RUNNING',
      message: expect.stringMatching(/its hz is 20, wanted 1; its horizonMs is 1000, wanted 5; .* process/),
    });
    await expect(rv.collector.collect({ hz: 3 })).rejects.toThrow(
      /its hz is 20, wanted 3; call stop\(\) first/,
    );
    expect(await other.stop()).toBe(false);
    expect(await rv.status()).not.toBeNull();
  });
});

describe('collector', () => {
  it('collect() gives the rows taken meanwhile in the columns of the document, and the history has them', async () => {
    const startMs = Date.now();
    const frame = await rv.collector.collect({ seconds: 1, hz: HZ });
    expect(frame.height).toBe(HZ);
    expect(frame.columns.slice(0, 6)).toEqual([
      'timestamp',
      'total_mb',
      'available_mb',
      'used_percent',
      'page_file_used_mb',
      'processes_count',
    ]);
    // The first of them may have been read just before.
    const stored = await rv.collector.history({ from: startMs - 1000 });
    expect(stored.height).toBeGreaterThanOrEqual(HZ);
    expect(stored.getColumn('timestamp').toArray()).toEqual(
      expect.arrayContaining(frame.getColumn('timestamp').toArray()),
    );
  });

  it('collect() that is stopped resolves with the rows so far, one that is aborted rejects', async () => {
    const stopped = rv.collector.collect({ seconds: 60 });
    const interrupted = rv.collector.collect({ seconds: 60 });
    await untilSampled(2, 10);
    stopped.stop();
    (interrupted as unknown as Record<symbol, () => void>)[Symbol.for('ruvector.kernel.interrupt')]!();
    for (const { height } of await Promise.all([stopped, interrupted])) {
      expect(height).toBeGreaterThan(0);
      expect(height).toBeLessThan(60 * HZ);
    }
    const aborted = rv.collector.collect({ seconds: 60, signal: AbortSignal.timeout(100) });
    await expect(aborted).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  it('collect() of processes names nobody unless it is asked to', async () => {
    const [hidden, named] = await Promise.all([
      rv.collector.collect({ seconds: 1.2, table: 'process' }),
      rv.collector.collect({ seconds: 1.2, table: 'process', anonymize: false }),
    ]);
    expect(hidden.columns).toContain('name_hash');
    expect(hidden.columns).not.toContain('name');
    expect(named.columns.slice(0, 3)).toEqual(['timestamp', 'pid', 'name']);
    expect(named.filter(pl.col('pid').eq(process.pid)).height).toBeGreaterThan(0);
  });

  it('history() takes hours, minutes, dates and text, and says what it cannot take', async () => {
    const all = await rv.collector.history();
    expect(all.height).toBeGreaterThan(1200);
    const minutes = await rv.collector.history({ minutes: 0.5 });
    expect(minutes.height).toBeLessThan(all.height - 1000);
    const between = await rv.collector.history({ from: '-1h', to: new Date(Date.now() - 59_000) });
    expect(between.height).toBe(1200);
    expect((await rv.collector.history({ table: 'optimization' })).columns).toContain('freed_mb');
    await expect(rv.collector.history({ from: 'yesterday', hours: 0 })).rejects.toMatchObject({
      code: 'ERR_CLIENT_OPTIONS',
      details: { problems: [expect.stringContaining('hours'), expect.stringContaining('from')] },
    });
    await expect(rv.collector.collect({ table: 'disk' as 'memory' })).rejects.toThrow(/wanted one of memory/);
    await expect(rv.collector.collect({ seconds: 0 })).rejects.toThrow(/seconds is 0/);
  });
});

describe('exporter', () => {
  it('exportRecent() and exportRange() write what the document says, to paths of this process', async () => {
    const path = relative(process.cwd(), join(home.root, 'recent.csv'));
    const report = await rv.exporter.exportRecent(1, { path, timePrecisionMs: 1000 });
    expect(report).toMatchObject({
      kind: 'export-report',
      paths: [join(home.root, 'recent.csv')],
      privacy: { memory: { k: { asked: 5 } } },
      problems: [],
    });
    const lines = readFileSync(join(home.root, 'recent.csv'), 'utf8').trim().split('\n');
    expect(lines).toHaveLength(report.rows + 1);
    const plain = { anonymize: false, columns: 'document' } as const;
    const parquet = join(home.root, 'range.parquet');
    const range = await rv.exporter.exportRange('-1h', undefined, 'parquet', parquet, plain);
    expect(range).toMatchObject({ privacy: null, paths: [parquet] });
    expect(range.rows).toBeGreaterThan(1200);
  });

  it('exportTrainingData() writes labelled splits', async () => {
    const path = `${join(home.root, 'set')}/`;
    const report = await rv.exporter.exportTrainingData({ path, format: 'csv', blocks: 2 });
    expect(report.splits.train).toBeGreaterThan(0);
    expect(report.paths.every((file) => existsSync(file))).toBe(true);
  });

  it("exportRecent() rejects with the daemon's code, and leaves no file when it is stopped", async () => {
    const path = join(home.root, 'none.csv');
    await expect(rv.exporter.exportRecent(1, { path, k: 0.5 })).rejects.toMatchObject({
      code: 'ERR_EXPORT_OPTIONS',
    });
    const stopped = rv.exporter.exportRecent(1, { path, anonymize: false });
    stopped.stop();
    await expect(stopped).rejects.toMatchObject({ code: 'ERR_CLIENT_INTERRUPTED' });
    expect(readdirSync(home.root).filter((name) => name.startsWith('none'))).toEqual([]);
  });
});

describe('trainer, models, optimizer', () => {
  let first: TrainingReport;

  it('decide() says what the daemon would do and why; explain() from what', async () => {
    const decision = await rv.optimizer.decide();
    expect(decision).toMatchObject({ kind: 'decision', source: 'model', acting: false });
    expect(decision.modelVersion).toBe((await rv.models.live()).reference);
    expect(await rv.models.live()).toMatchObject({ isBaseline: true });
    const explanation = await rv.optimizer.explain();
    expect(explanation.features.length).toBeGreaterThan(10);
    expect(explanation.safeguards.map(({ rule }) => rule)).not.toEqual([]);
  });

  it('train() makes a model live that decides at once, when it is told to', async () => {
    first = await rv.trainer.train({ ...forest, activate: true });
    expect(first).toMatchObject({
      kind: 'training-report',
      isLive: true,
      verdict: 'made live as asked',
      interval: [expect.any(Number), expect.any(Number)],
      durations: { fit: expect.any(Number) },
      comparison: { sentence: expect.stringMatching(/better than|worse than|cannot tell/i) },
      calibration: { ece: expect.any(Number) },
      importance: { score: 'macroF1' },
    });
    expect(first.importance!.features.map(({ feature }) => feature).toSorted()).toEqual(
      first.features.toSorted(),
    );
    expect(first.macroF1).toBeGreaterThan(first.baseline['majority']!);
    expect(first.confusionMatrix).toHaveLength(4);
    expect(await rv.models.live()).toEqual({ reference: first.model, isBaseline: false });
    const { modelVersion, probabilities } = await rv.optimizer.decide();
    expect(modelVersion).toBe(first.model);
    expect(Object.values(probabilities!).reduce((sum, share) => sum + share)).toBeCloseTo(1);
  });

  it('train() takes the full path, leaves candidates, and names near estimators', async () => {
    const second = await rv.trainer.train({
      ...forest,
      estimator: 'sklearn.ensemble.RandomForestClassifier',
      dataset: { ...forest.dataset, testFraction: 0.3 },
      activate: false,
    });
    expect(second).toMatchObject({ isLive: false, estimator: 'sklearn.ensemble.RandomForestClassifier' });
    await expect(rv.trainer.train({ estimator: 'sklearn.RandomForrest' })).rejects.toMatchObject({
      code: 'ERR_TRAIN_UNKNOWN_ESTIMATOR',
      message: expect.stringContaining('"sklearn.RandomForestClassifier"'),
    });
    expect((await rv.models.live()).reference).toBe(first.model);
  });

  it('rv.models lists, shows, verifies, swaps without a lost answer, and rolls back', async () => {
    const [listing] = await rv.models.list();
    const candidate = `memopt@${listing!.aliases!.candidate}`;
    expect((await rv.models.show('memopt@live')).manifest.trainer['estimator']).toContain('RandomForest');
    expect((await rv.models.verify(candidate)).goldenRows).toBeGreaterThan(0);
    const swap = await rv.models.activate(candidate);
    expect(swap).toMatchObject({ reference: candidate, previous: first.model, answersLost: 0 });
    expect(swap.ms).toBeGreaterThan(0);
    const compared = await rv.models.compare(first.model!, candidate);
    expect(compared).toMatchObject({ kind: 'model-comparison', a: { reference: first.model } });
    expect(compared.verdict).toMatch(/cannot tell|is better than/);
    expect(await rv.models.rollback()).toMatchObject({
      reference: first.model,
      previous: candidate,
      answersLost: 0,
    });
    await expect(rv.models.activate('other@live')).rejects.toMatchObject({ code: 'ERR_MODEL_NOT_FOUND' });
  });

  it('train() that is interrupted is cancelled on the daemon, and the live model stays', async () => {
    const training = rv.trainer.train({ ...forest, parameters: { n_estimators: 20_000 } });
    await poll(
      () => rv.status(),
      (status) => status!.training.running,
    );
    training.stop();
    await expect(training).rejects.toMatchObject({ code: 'ERR_CLIENT_INTERRUPTED' });
    await poll(
      () => rv.status(),
      (status) => !status!.training.running,
    );
    expect((await rv.models.live()).reference).toBe(first.model);
  });
});

describe('life of the daemon', () => {
  it('collect() starts a daemon that was killed again, as it was', async () => {
    const { pid } = (await rv.status())!;
    const cut = rv.collector.collect({ seconds: 60 });
    cut.catch(() => {});
    await untilSampled(1, 1);
    process.kill(pid, 'SIGKILL');
    await expect(cut).rejects.toMatchObject({ code: 'ERR_WIRE_DISCONNECTED' });
    expect((await rv.collector.collect({ seconds: 0.2 })).height).toBeGreaterThan(0);
    expect(await rv.status()).toMatchObject({ startedHere: true, config: { hz: HZ } });
    expect((await rv.status())!.pid).not.toBe(pid);
  });

  it('stop() drains and ends it, and says so', async () => {
    const { pid } = (await rv.status())!;
    expect(await rv.stop()).toBe(true);
    expect(isRunning(pid)).toBe(false);
    expect(await rv.status()).toBeNull();
    expect(await rv.stop()).toBe(false);
  });

  it('models.list() says why its daemon cannot start, with the end of its log', async () => {
    await using other = await createTestHome();
    const client = createClient({ home: other.root, hz: 99 });
    await expect(client.models.list()).rejects.toMatchObject({
      code: 'ERR_CLIENT_START',
      message: expect.stringContaining('0.1 to 50 samples a second'),
    });
  });

  it('createClient() lets a script end with its work, and its daemon end with a script that is killed', async () => {
    const script = join(import.meta.dirname, '../../support/client/client-script.ts');
    const start = (mode: string) =>
      spawn(process.execPath, [script, mode], {
        env: { ...process.env, RUVECTOR_HOME: home.root },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
    const ended = await finished(start('once'));
    expect(ended).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+ [1-9]\d*\n$/) });
    expect(ended.stderr).toMatch(/^ruvector: started a daemon on .* it ends with this process; log: .*\n$/);
    const waiting = start('wait');
    const [chunk] = (await once(waiting.stdout, 'data')) as [Buffer];
    waiting.kill('SIGKILL');
    for (const text of [ended.stdout, chunk.toString()]) {
      await poll(
        async () => isRunning(Number.parseInt(text, 10)),
        (alive) => !alive,
      );
    }
    await poll(
      async () => existsSync(home.bridgeFile),
      (exists) => !exists,
    );
  });
});
