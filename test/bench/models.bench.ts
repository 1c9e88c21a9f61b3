// models.infer: a single row in Node against Python onnxruntime on the same model, direct and through the
// worker. models.swap: 1,000 hot swaps between two real forests, 20 a second, while 1,000 requests a second run.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHistogram } from 'node:perf_hooks';
import type { RecordableHistogram } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { createModelHost, openRegistry } from '../../src/models/index.ts';
import type { ModelHost } from '../../src/models/index.ts';
import { createSession } from '../../src/models/session.ts';
import { contractOf, makeModels, python, readDraft } from '../support/models.ts';
import { median } from './harness.ts';
import type { BenchCase, BenchTopic } from './harness.ts';

const ROWS_A_RUN = 2000;
const FEATURES = 12;

/** A host over a temporary registry with the given models added; the first one is live. */
async function openHost(
  kinds: readonly string[],
): Promise<{ host: ModelHost; versions: string[]; close: () => Promise<void> }> {
  const models = await makeModels();
  const directory = await mkdtemp(join(tmpdir(), 'ruvector-bench-models-'));
  const registry = await openRegistry(directory);
  const { manifest } = await readDraft(models, kinds[0]!);
  const host = await createModelHost({ registry, name: 'memopt', ...contractOf(manifest) });
  const close = async (): Promise<void> => {
    await host.close();
    await rm(directory, { recursive: true, force: true });
  };
  const versions: string[] = [];
  for (const kind of kinds) versions.push((await registry.add(await readDraft(models, kind))).version);
  await host.activate(versions[0]!);
  return { host, versions, close };
}

/** p50 in µs of `count` calls, one after the other. */
async function p50Us(call: () => unknown, count: number): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    const started = performance.now();
    await call();
    times.push((performance.now() - started) * 1000);
  }
  return median(times);
}

/** A Python process that times single rows on demand. */
async function startPeer(
  model: string,
): Promise<{ p50Us: () => Promise<number>; close: () => Promise<void> }> {
  const script = join(import.meta.dirname, '../support/score-models.py');
  const child = spawn(python, [script, model, '--time', String(ROWS_A_RUN)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    p50Us: async () => {
      child.stdin.write('\n');
      const { value } = (await lines.next()) as { value: string };
      return median(JSON.parse(value) as number[]);
    },
    close: async () => {
      child.stdin.end();
      await once(child, 'exit');
    },
  };
}

async function* inferCases(): AsyncIterable<BenchCase> {
  const models = await makeModels();
  const { host, close } = await openHost(['forest-a']);
  const peer = await startPeer(join(models, 'forest-a/model.onnx'));
  const { model, manifest } = await readDraft(models, 'forest-a');
  const session = createSession(model, manifest);
  const row = new Float32Array(FEATURES).fill(0.1);
  const common = {
    bench: 'models.infer',
    unit: 'µs p50',
    better: 'lower' as const,
    anchorName: 'Python onnxruntime, direct',
    anchor: peer.p50Us,
  };
  try {
    yield { ...common, case: 'one row, direct', ours: () => p50Us(() => session.run(row, 1), ROWS_A_RUN) };
    yield { ...common, case: 'one row, worker', ours: () => p50Us(() => host.predict(row), ROWS_A_RUN) };
  } finally {
    session.release();
    await peer.close();
    await close();
  }
}

const SWAPS = 1000;
const WARMUP_SWAPS = 50;
/** Steady and swapping stretches alternate, so that what else the machine does weighs on both alike. */
const BLOCKS = 10;
const STEADY_MS = 2000;
const REQUESTS_A_SECOND = 1000;
const SWAP_INTERVAL_MS = 50;
const BUDGET_MS = 80_000;

/** What the load saw. */
interface Load {
  /** Latencies in µs; a histogram, so that the bench's own memory does not grow. */
  readonly latencies: RecordableHistogram;
  failures: number;
  mixed: number;
}

type Expected = ReadonlyMap<string, readonly string[]>;

const rows = Array.from({ length: 64 }, (_, i) =>
  Float32Array.from({ length: FEATURES }, (_unused, j) => Math.sin(i * 12.9 + j * 78.2) * 2),
);

const contentOf = ({ label, probabilities }: { label: string; probabilities: Float32Array }): string =>
  `${label} ${probabilities.join(' ')}`;

/** The answers of each version on each row, taken while nothing else runs. */
async function readExpected(host: ModelHost, versions: readonly string[]): Promise<Expected> {
  const expected = new Map<string, readonly string[]>();
  for (const version of versions) {
    await host.activate(version);
    const answers = await Promise.all(rows.map((row) => host.predict(row)));
    expected.set(host.liveVersion!, answers.map(contentOf));
  }
  const [a, b] = [...expected.values()];
  if (!a!.every((answer, i) => answer !== b![i])) throw new Error('the two models cannot be told apart');
  return expected;
}

/** Sends requests at a fixed rate until aborted; a late tick sends what is due. */
async function runLoad(host: ModelHost, expected: Expected, load: Load, signal: AbortSignal): Promise<void> {
  const started = performance.now();
  const open = new Set<Promise<void>>();
  for (let sent = 0; !signal.aborted; await sleep(1)) {
    const due = ((performance.now() - started) / 1000) * REQUESTS_A_SECOND;
    for (; sent < due; sent++) {
      const request = ask(host, expected, load, sent % rows.length);
      open.add(request);
      void request.finally(() => open.delete(request));
    }
  }
  await Promise.all(open);
}

async function ask(host: ModelHost, expected: Expected, load: Load, at: number): Promise<void> {
  const started = performance.now();
  try {
    const answer = await host.predict(rows[at]!);
    if (expected.get(answer.modelVersion)?.[at] !== contentOf(answer)) load.mixed++;
  } catch {
    load.failures++;
  }
  load.latencies.record(Math.max(1, Math.round((performance.now() - started) * 1000)));
}

/** Runs `work` under load; what the load saw is added to `load`. */
async function underLoad(
  host: ModelHost,
  expected: Expected,
  load: Load,
  work: () => Promise<unknown>,
): Promise<void> {
  const stop = new AbortController();
  const running = runLoad(host, expected, load, stop.signal);
  await work();
  stop.abort();
  await running;
}

const newLoad = (): Load => ({ latencies: createHistogram(), failures: 0, mixed: 0 });
const p99Ms = (load: Load): number => load.latencies.percentile(99) / 1000;

interface Soak {
  readonly steady: Load;
  readonly swapping: Load;
  readonly swapMs: number[];
  readonly swapUs: number[];
  readonly rss: number[];
}

async function soak(): Promise<Soak> {
  const { host, versions, close } = await openHost(['forest-a', 'forest-b']);
  try {
    const expected = await readExpected(host, versions);
    await underLoad(host, expected, newLoad(), () => sleep(1000));
    const [swapMs, swapUs, rss]: [number[], number[], number[]] = [[], [], []];
    const [steady, swapping] = [newLoad(), newLoad()];
    const deadline = performance.now() + BUDGET_MS;
    const swapBlock = async (): Promise<void> => {
      for (let i = 0; i < SWAPS / BLOCKS && performance.now() < deadline; i++) {
        const next = performance.now() + SWAP_INTERVAL_MS;
        const report = await host.activate(versions[i % 2]!);
        swapMs.push(report.totalMs);
        swapUs.push(report.swapUs);
        rss.push(process.memoryUsage.rss());
        await sleep(Math.max(0, next - performance.now()));
      }
    };
    for (let block = 0; block < BLOCKS; block++) {
      await underLoad(host, expected, steady, () => sleep(STEADY_MS));
      await underLoad(host, expected, swapping, swapBlock);
    }
    return { steady, swapping, swapMs, swapUs, rss };
  } finally {
    await close();
  }
}

/** Growth of the median RSS of the last 50 swaps over that of the 50 after the warm-up, in percent. */
function rssGrowth(rss: readonly number[]): number {
  const first = median(rss.slice(WARMUP_SWAPS, WARMUP_SWAPS + 50));
  return (median(rss.slice(-50)) / first - 1) * 100;
}

async function* swapCases(): AsyncIterable<BenchCase> {
  const { steady, swapping, swapMs, swapUs, rss } = await soak();
  const swaps = swapMs.length;
  const requests = swapping.latencies.count;
  const figure = (
    name: string,
    unit: string,
    value: number,
    goal: BenchCase['goal'],
    anchorName: string,
    anchor: number | null = null,
  ): BenchCase => ({
    bench: 'models.swap',
    case: name,
    unit,
    better: 'lower',
    ours: () => Promise.resolve(value),
    anchor: anchor === null ? null : () => Promise.resolve(anchor),
    anchorName,
    runs: 1,
    warmup: false,
    ...(goal ? { goal } : {}),
  });
  const all = (): boolean => swaps === SWAPS;
  yield figure(
    'failures',
    'requests',
    swapping.failures,
    (n) => n === 0 && all(),
    `goal 0 of ${requests} requests`,
  );
  yield figure(
    'mixed answers',
    'requests',
    swapping.mixed,
    (n) => n === 0 && all(),
    'goal 0: content vs version',
  );
  yield figure(
    'p99 during swaps',
    'ms',
    p99Ms(swapping),
    (_, ratio) => ratio !== null && ratio >= 1 / 3,
    'steady p99 in the same run, goal ≤ 3×',
    p99Ms(steady),
  );
  yield figure(
    'RSS growth',
    'percent',
    rssGrowth(rss),
    (n) => n <= 5,
    `goal ≤ 5 over ${swaps} swaps, after 50`,
  );
  yield figure(
    'swap, median',
    'ms',
    median(swapMs),
    undefined,
    'verify + load + golden rows + pointers on disk',
  );
  yield figure('pointer swap, median', 'µs', median(swapUs), undefined, 'the assignment alone');
}

export const topics: readonly BenchTopic[] = [
  { name: 'models.infer', cases: inferCases },
  { name: 'models.swap', cases: swapCases },
];
