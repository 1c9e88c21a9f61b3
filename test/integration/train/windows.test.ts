// A model that looks at windows of the history: trained by the daemon's own trainer process, live, asked about the rows
// that a training set holds, and judged beside models that look at the newest row alone, in both directions.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildConfig } from '../../../src/app/host/config.ts';
import { openHost } from '../../../src/app/host/host.ts';
import type { Host } from '../../../src/app/host/host-types.ts';
import type { TrainingAnswer } from '../../../src/client/index.ts';
import { openHistory } from '../../../src/store/index.ts';
import { createTestHome } from '../../support/daemon.ts';
import { pressuredSnapshots } from '../../support/memory-rows.ts';
import { until } from '../../support/until.ts';

const window = { steps: 8, everyMs: 100 };
/** The planted history alone: what the host samples meanwhile would make each set another one. */
const startMs = Date.now() - 3_600_000;
const dataset = { horizon_ms: 1000, blocks: 4, to_ms: startMs + 1_800_000 };
const quick = { max_epochs: 8, batch_size: 64, learning_rate: 0.01, hidden: 16 };

let home: Awaited<ReturnType<typeof createTestHome>>;
let host: Host;
let gru: TrainingAnswer;
let forest: TrainingAnswer;
const stop = new AbortController();
let running: Promise<void>;
/** Windows as decisions saw them, by the time of their newest row. */
const seen = new Map<number, Float32Array>();

beforeAll(async () => {
  home = await createTestHome();
  {
    await using history = await openHistory(home.history);
    const rows = pressuredSnapshots(1600, 200, 50);
    const firstMs = rows[0]!.timestamp;
    history.append(
      'memory',
      rows.map((row) => ({ ...row, timestamp: startMs + row.timestamp - firstMs })),
    );
  }
  host = await openHost(home, buildConfig({ hz: 20, horizonMs: 1000 }), {
    onSample: ({ snapshot, features, history }) => {
      if (features) seen.set(snapshot.timestamp, history!.windowOf(window));
    },
  });
  running = host.run(stop.signal);
  await until(() => host.latest?.features != null);
  gru = await host.training.train({
    estimator: 'torch.GRU',
    parameters: quick,
    dataset: { ...dataset, window: { steps: window.steps, every_ms: window.everyMs } },
    activate: true,
  });
}, 120_000);

afterAll(async () => {
  stop.abort();
  await running;
  await host.close();
  await home[Symbol.asyncDispose]();
});

const decidedBy = async (version: string): Promise<void> => {
  await until(async () => (await host.decide()).modelVersion === version);
};

it('train deploys a network over windows that decides at once', async () => {
  expect(gru.manifest).toMatchObject({
    window,
    trainer: { estimator: 'ruvector.trainers.torch.TorchClassifier' },
  });
  expect(gru.manifest.features).toHaveLength(window.steps * host.spec.names.length);
  expect(gru.fitToFirstDecisionMs).toBeGreaterThan(0);
  const decision = await host.decide();
  expect(decision).toMatchObject({ modelVersion: `memopt@${gru.deployment!.version}` });
  expect((await host.explain()).features.map(({ name }) => name)).toEqual(host.spec.names);
});

it('activate() and rollback() change between a model of windows and one without, and each is asked what it takes', async () => {
  const windowed = `memopt@${gru.deployment!.version}`;
  const aliases = await host.registry.aliases('memopt');
  await host.activate('memopt', aliases.previous!);
  await decidedBy(`memopt@${aliases.previous}`);
  await host.models.rollback();
  await decidedBy(windowed);
  expect(host.optimizer.stats().fallbacksByCause).not.toHaveProperty('model-error');
});

it('serve asks a model of windows about the rows that a training set holds, bit for bit', async () => {
  await until(() => seen.size >= 40);
  const { history } = host;
  await history.flush();
  const times = [...seen.keys()];
  const set = await host.datasets.build({
    window,
    horizonMs: 100,
    blocks: 4,
    includeActed: true,
    balance: 'none',
  });
  const width = set.featureNames.length;
  const trained = new Map<number, Float32Array>();
  let row = 0;
  for await (const block of set.readFeatures()) {
    for (let at = 0; at < block.length; at += width) {
      trained.set(set.timestamps[row++]!, block.slice(at, at + width));
    }
  }
  const both = times.filter((time) => trained.has(time));
  expect(both.length).toBeGreaterThan(20);
  for (const time of both) expect(trained.get(time)).toEqual(seen.get(time));
});

it('deploy() judges a model without a window beside a live one with, on the rows that the history still has', async () => {
  forest = await host.training.train({
    estimator: 'sklearn.RandomForestClassifier',
    parameters: { n_estimators: 5 },
    dataset,
  });
  const rival = forest.deployment!.gate!.rivals.find(({ kind }) => kind === 'live');
  expect(rival).toMatchObject({ name: `memopt@${gru.deployment!.version}` });
  expect(rival!.rows).toBeGreaterThanOrEqual(30);
  const comparison = await host.compareModels(
    `memopt@${forest.deployment!.version}`,
    `memopt@${gru.deployment!.version}`,
  );
  expect(comparison.rows).toBeGreaterThanOrEqual(30);
  expect(comparison.a.macroF1).not.toBeNull();
  expect(comparison.b.macroF1).not.toBeNull();
});

it('deploy() judges a model with a window beside a live one without, on the newest row of each window', async () => {
  const { version } = forest.deployment!;
  await host.activate('memopt', version);
  const again = await host.training.train({
    estimator: 'torch.MLP',
    parameters: quick,
    dataset: { ...dataset, window: { steps: 4, every_ms: 200 } },
  });
  const rival = again.deployment!.gate!.rivals.find(({ kind }) => kind === 'live');
  expect(rival).toMatchObject({ name: `memopt@${version}`, rows: again.deployment!.gate!.rows });
});
