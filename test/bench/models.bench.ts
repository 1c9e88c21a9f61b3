// models.infer: a single row in Node against Python onnxruntime on the same model, direct and through the
// worker, one after the other. models.decide: the same with the pauses of real use, which cool caches and let
// cores sleep. models.swap: 1,000 hot swaps between two real forests, 20 a second, while 1,000 requests a second run.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHistogram } from 'node:perf_hooks';
import type { RecordableHistogram } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { createModelHost, openRegistry } from '../../src/models/index.ts';
import type { ModelHost } from '../../src/models/index.ts';
import { createSession } from '../../src/models/session.ts';
import type { ModelSession } from '../../src/models/session.ts';
import { buildConfig } from '../../src/app/host/config.ts';
import { openHost as openServingHost } from '../../src/app/host/host.ts';
import { createTestHome } from '../support/daemon.ts';
import { watchLoop } from '../support/models/loop-watch.ts';
import type { LoopDelays } from '../support/models/loop-watch.ts';
import { contractOf, makeModels, readDraft } from '../support/models/models.ts';
import { median, quantile } from './harness.ts';
import type { BenchCase, BenchTopic } from './harness.ts';
import { python } from '../support/python.ts';

const ROWS_A_RUN = 2000;
const WORKER_GOAL_US = 40;
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

/** What single rows cost in Python, with onnxruntime in its own process. */
interface PeerTimes {
  readonly waitsUs: readonly number[];
  /** Of its one thread, a row. */
  readonly cpuUs: number;
}

/** A Python process that times single rows on demand. */
interface Peer {
  time(count: number, pauseMs: number): Promise<PeerTimes>;
  close(): Promise<void>;
}

async function startPeer(model: string): Promise<Peer> {
  const script = join(import.meta.dirname, '../support/models/score-models.py');
  const child = spawn(python, [script, model, '--time'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    time: async (count, pauseMs) => {
      child.stdin.write(`${count} ${pauseMs}\n`);
      const { value } = (await lines.next()) as { value: string };
      return JSON.parse(value) as PeerTimes;
    },
    close: async () => {
      child.stdin.end();
      await once(child, 'exit');
    },
  };
}

/** The three ways to one row: through the host's worker, in this process, and in Python. */
interface Contenders {
  readonly host: ModelHost;
  readonly session: ModelSession;
  readonly peer: Peer;
}

async function* withContenders(
  use: (contenders: Contenders) => AsyncIterable<BenchCase>,
): AsyncIterable<BenchCase> {
  const models = await makeModels();
  const { host, close } = await openHost(['forest-a']);
  const peer = await startPeer(join(models, 'forest-a/model.onnx'));
  const { model, manifest } = await readDraft(models, 'forest-a');
  const session = createSession(model, manifest);
  try {
    yield* use({ host, session, peer });
  } finally {
    session.release();
    await peer.close();
    await close();
  }
}

const oneRow = new Float32Array(FEATURES).fill(0.1);

async function* inferCases({ host, session, peer }: Contenders): AsyncIterable<BenchCase> {
  const common = {
    bench: 'models.infer',
    unit: 'µs p50',
    better: 'lower' as const,
    anchorName: 'Python onnxruntime, direct',
    anchor: async () => median((await peer.time(ROWS_A_RUN, 0)).waitsUs),
  };
  const [direct, worker] = [() => session.run(oneRow, 1), () => host.predict(oneRow)];
  yield { ...common, case: 'one row, direct', ours: () => p50Us(direct, ROWS_A_RUN) };
  yield {
    ...common,
    case: 'one row, worker',
    ours: () => p50Us(worker, ROWS_A_RUN),
    goal: (us) => us <= WORKER_GOAL_US,
  };
}

/** Decisions a second, and how many of them one block takes. */
const RATES = [
  { perSecond: 1, decisions: 15 },
  { perSecond: 20, decisions: 100 },
  { perSecond: 50, decisions: 250 },
] as const;
const DECIDE_BLOCKS = 3;

/** What the decisions of some blocks took. */
interface Decisions {
  readonly waitsUs: number[];
  /** CPU time a block, of which a decision has its share. */
  readonly mainUs: number[];
  readonly workerUs: number[];
}

/** CPU time in µs that the threads of this process with a name took; their sleep makes the figure exact. */
async function threadCpuUs(name: string): Promise<number> {
  let sum = 0;
  for (const id of await readdir('/proc/self/task')) {
    const task = `/proc/self/task/${id}`;
    // Linux keeps 15 characters of a name.
    if ((await readFile(`${task}/comm`, 'utf8')).trim() !== name.slice(0, 15)) continue;
    sum += Number((await readFile(`${task}/schedstat`, 'utf8')).split(' ')[0]) / 1000;
  }
  return sum;
}

async function readCpuUs(): Promise<{ main: number; worker: number }> {
  // The kernel brings a thread's time up to date when it sleeps.
  await sleep(5);
  return { main: await threadCpuUs('MainThread'), worker: await threadCpuUs('ruvector-inference') };
}

/** One block of decisions, a pause before each. */
async function decide(
  into: Decisions,
  { perSecond, decisions }: (typeof RATES)[number],
  call: () => unknown,
): Promise<void> {
  const before = await readCpuUs();
  for (let i = 0; i < decisions; i++) {
    await sleep(1000 / perSecond);
    const started = performance.now();
    await call();
    into.waitsUs.push((performance.now() - started) * 1000);
  }
  const after = await readCpuUs();
  into.mainUs.push((after.main - before.main) / decisions);
  into.workerUs.push((after.worker - before.worker) / decisions);
}

const newDecisions = (): Decisions => ({ waitsUs: [], mainUs: [], workerUs: [] });

async function* decideCases({ host, session, peer }: Contenders): AsyncIterable<BenchCase> {
  for (const rate of RATES) {
    // Pauses without a decision: what the main thread does anyhow.
    const [worker, direct, pauses] = [newDecisions(), newDecisions(), newDecisions()];
    const theirs = { waitsUs: [] as number[], cpuUs: [] as number[] };
    for (let block = 0; block < DECIDE_BLOCKS; block++) {
      await decide(worker, rate, () => host.predict(oneRow));
      await decide(direct, rate, () => session.run(oneRow, 1));
      await decide(pauses, rate, () => undefined);
      const { waitsUs, cpuUs } = await peer.time(rate.decisions, 1000 / rate.perSecond);
      theirs.waitsUs.push(...waitsUs);
      theirs.cpuUs.push(cpuUs);
    }
    const common = { bench: 'models.decide', unit: 'µs', anchorName: 'Python onnxruntime, in process' };
    const name = `${rate.perSecond}/s`;
    const cpu = median(theirs.cpuUs);
    const own = median(pauses.mainUs);
    for (const q of [0.5, 0.99]) {
      const anchor = quantile(theirs.waitsUs, q);
      const p = `p${q * 100}`;
      yield figure({ ...common, case: `${name}, wait ${p}`, value: quantile(worker.waitsUs, q), anchor });
      const inProcess = quantile(direct.waitsUs, q);
      yield figure({ ...common, case: `${name}, wait ${p}, without a worker`, value: inProcess, anchor });
    }
    const mainUs = median(worker.mainUs) - own;
    yield figure({ ...common, case: `${name}, CPU, main thread`, value: mainUs, anchor: cpu });
    yield figure({ ...common, case: `${name}, CPU, worker`, value: median(worker.workerUs), anchor: cpu });
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

/** A case of a figure that was measured already. */
function figure(measured: {
  readonly bench: string;
  readonly case: string;
  readonly unit: string;
  readonly value: number;
  readonly anchorName: string;
  readonly anchor?: number;
  readonly goal?: NonNullable<BenchCase['goal']>;
}): BenchCase {
  const { value, anchor, ...rest } = measured;
  return {
    ...rest,
    better: 'lower',
    ours: () => Promise.resolve(value),
    anchor: anchor === undefined ? null : () => Promise.resolve(anchor),
    runs: 1,
    warmup: false,
  };
}

async function* swapCases(): AsyncIterable<BenchCase> {
  const { steady, swapping, swapMs, swapUs, rss } = await soak();
  const swaps = swapMs.length;
  const requests = swapping.latencies.count;
  const all = (): boolean => swaps === SWAPS;
  const bench = 'models.swap';
  yield figure({
    bench,
    case: 'failures',
    unit: 'requests',
    value: swapping.failures,
    goal: (n) => n === 0 && all(),
    anchorName: `goal 0 of ${requests} requests`,
  });
  yield figure({
    bench,
    case: 'mixed answers',
    unit: 'requests',
    value: swapping.mixed,
    goal: (n) => n === 0 && all(),
    anchorName: 'goal 0: content vs version',
  });
  yield figure({
    bench,
    case: 'p99 during swaps',
    unit: 'ms',
    value: p99Ms(swapping),
    goal: (_, ratio) => ratio !== null && ratio >= 1 / 3,
    anchorName: 'steady p99 in the same run, goal ≤ 3×',
    anchor: p99Ms(steady),
  });
  yield figure({
    bench,
    case: 'RSS growth',
    unit: 'percent',
    value: rssGrowth(rss),
    goal: (n) => n <= 5,
    anchorName: `goal ≤ 5 over ${swaps} swaps, after 50`,
  });
  const steps = 'verify + load + golden rows + pointers on disk';
  yield figure({ bench, case: 'swap, median', unit: 'ms', value: median(swapMs), anchorName: steps });
  const alone = 'the assignment alone';
  yield figure({ bench, case: 'pointer swap, median', unit: 'µs', value: median(swapUs), anchorName: alone });
}

const LARGE_MIB = 240;
const STALL_GOAL_MS = 50;
const meetsStall = (ms: number): boolean => ms <= STALL_GOAL_MS;

/** A child deploys over the bridge of a host in this process, as a trainer does; this loop is the daemon's. */
async function* deployCases(): AsyncIterable<BenchCase> {
  const home = await createTestHome();
  const host = await openServingHost(home, buildConfig({}));
  const script = join(import.meta.dirname, '../support/models/deploy-large.ts');
  const deploy = async (how: string): Promise<LoopDelays & { ms: number }> => {
    const started = performance.now();
    const delays = await watchLoop(async () => {
      const child = spawn(process.execPath, [script, home.bridgeFile, String(LARGE_MIB), how], {
        stdio: 'ignore',
      });
      const [code] = (await once(child, 'exit')) as [number | null];
      if (code !== 0) throw new Error(`the deployment ended with ${code}`);
    });
    return { ...delays, ms: performance.now() - started };
  };
  const bench = 'models.deploy';
  try {
    const { maxMs: idleMs } = await watchLoop(() => sleep(5000));
    for (const [how, what] of [
      ['stored', 'stored'],
      ['live', 'made live'],
    ] as const) {
      const { ms, maxMs, maxCpuMs } = await deploy(how);
      const name = `${LARGE_MIB} MiB, ${what}`;
      const anchorName = 'CPU of the main thread in one turn';
      yield figure({ bench, case: name, unit: 'ms', value: maxCpuMs, anchorName, goal: meetsStall });
      yield figure({
        bench,
        case: `${name}, by the wall clock`,
        unit: 'ms',
        value: maxMs,
        anchorName: `longest stall; ${idleMs.toFixed(0)} ms in 5 s of nothing on this machine`,
        goal: meetsStall,
      });
      yield figure({
        bench,
        case: `${name}, whole`,
        unit: 'ms',
        value: ms,
        anchorName: 'with the start of the child',
      });
    }
  } finally {
    await host.close();
    await home[Symbol.asyncDispose]();
  }
}

export const topics: readonly BenchTopic[] = [
  { name: 'models.infer', cases: () => withContenders(inferCases) },
  { name: 'models.decide', cases: () => withContenders(decideCases) },
  { name: 'models.swap', cases: swapCases },
  { name: 'models.deploy', cases: deployCases },
];
