// `optimize.save`: memory saved on zram, and what it costs the workloads, by the rule to beat (age of
// 1 MiB regions), by the Senpai law with a blind cursor, and by the product with `--goal save`: `ours` within its
// default stall budget of 0.1 %, `wide` within 2 %, which is about what the rule to beat makes targets wait. Blocks
// take turns with fresh processes on the same arrival schedule; the first 40 s of a policy are dropped.
// RUVECTOR_BENCH_BLOCKS ("none:45,age:90,…" in seconds) and RUVECTOR_BENCH_DECIDER (model) change it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { median, quantile } from './harness.ts';
import type { BenchCase, BenchTopic } from './harness.ts';
import { readHostUsedBytes, readSwapCachedBytes } from './optimize/host-memory.ts';
import { note } from './optimize/note.ts';
import { startOptimizer } from './optimize/optimizer-process.ts';
import { sumUsage } from './optimize/process-usage.ts';
import type { Usage } from './optimize/process-usage.ts';
import { compilePrograms } from './optimize/programs.ts';
import type { ProgramName, Programs } from './optimize/programs.ts';
import { startWorkload } from './optimize/workload.ts';
import type { LatencyReport, Workload } from './optimize/workload.ts';
import { openZramSwap, whyNoZram } from './optimize/zram.ts';
import type { ZramSwap } from './optimize/zram.ts';

const MIB = 2 ** 20;
const ZRAM_BYTES = 2048 * MIB;
const AGE_S = 6;
/** Ahead of whatever else runs on the host, so that latencies show memory and not turns at the core. */
const NICE = -10;
const SETTLE_S = 4;
const DROPPED_S = 40;
const DEFAULT_BLOCKS = 'none:40,age:90,ours:90,wide:100,senpai:70,wide:100,age:90,none:40';
const WIDE_BUDGET = 0.02;

const POLICIES = ['none', 'age', 'senpai', 'ours', 'wide'] as const;
const OWN: ReadonlySet<string> = new Set(['ours', 'wide']);
type Policy = (typeof POLICIES)[number];

/** Half the size of the mix whose figures are published: about 1.2 GB. */
const MIX: readonly (readonly [ProgramName, Readonly<Record<string, number>>])[] = [
  ['zipf', { records: 290_000 }],
  ['burst', { mib: 250 }],
  ['moving', { mib: 400 }],
  ['service', { mib: 284 }],
];

/** Means of one block after its dropped part. */
interface Block {
  readonly rssBytes: number;
  readonly zramBytes: number;
  readonly swapCachedBytes: number;
  /** Of the policy's processes. */
  readonly ownBytes: number;
  /** How far the host's used memory fell since the workloads were loaded, and its spread meanwhile. */
  readonly hostSavedBytes: number;
  readonly hostSpreadBytes: number;
  readonly burstsMs: readonly number[];
  readonly requests: LatencyReport;
  readonly majorFaultsPerS: number;
  readonly cpuPercent: number;
}

interface RunningPolicy extends AsyncDisposable {
  usage(): Usage;
  describe(): Promise<string>;
}

const save: BenchTopic = {
  name: 'optimize.save',
  async *cases() {
    const why = whyNoZram();
    if (why !== null) {
      note(`optimize.save is skipped: ${why}`);
      return;
    }
    const plan = parsePlan(process.env['RUVECTOR_BENCH_BLOCKS'] ?? DEFAULT_BLOCKS);
    using programs = compilePrograms();
    using zram = openZramSwap(ZRAM_BYTES);
    const blocks: Record<Policy, Block[]> = { none: [], age: [], senpai: [], ours: [], wide: [] };
    for (const [policy, seconds] of plan)
      blocks[policy].push(await runBlock(programs, zram, policy, seconds));
    yield* buildCases(blocks);
  },
};

function parsePlan(text: string): (readonly [Policy, number])[] {
  return text.split(',').map((part) => {
    const [name, seconds] = part.split(':');
    const policy = POLICIES.find((one) => one === name);
    const least = policy === 'none' ? SETTLE_S : DROPPED_S;
    if (policy !== undefined && Number(seconds) > least) return [policy, Number(seconds)] as const;
    throw new Error(
      `Cannot use block "${part}" of RUVECTOR_BENCH_BLOCKS: want one of ${POLICIES.join(', ')}, ":" and more than ${least} seconds`,
    );
  });
}

async function runBlock(programs: Programs, zram: ZramSwap, policy: Policy, seconds: number): Promise<Block> {
  await using stack = new AsyncDisposableStack();
  const workloads = await Promise.all(
    MIX.map(async ([name, options]) =>
      stack.use(await startWorkload(programs, name, { ...options, nice: NICE })),
    ),
  );
  const pids = workloads.map(({ pid }) => pid);
  await sleep(SETTLE_S * 1000);
  const loaded = { hostBytes: readHostUsedBytes(), zramBytes: zram.usedBytes() };
  await using running = await startPolicy(programs, policy, pids);
  await sleep((policy === 'none' ? 0 : DROPPED_S) * 1000);
  await Promise.all(workloads.map((workload) => workload.ask('report')));
  const measuredS = policy === 'none' ? seconds : seconds - DROPPED_S;
  const block = await measure(workloads, zram, running, measuredS, loaded);
  note(`${policy}, ${measuredS} s: ${describeBlock(block)}${await running.describe()}`);
  return block;
}

async function measure(
  workloads: readonly Workload[],
  zram: ZramSwap,
  policy: RunningPolicy,
  seconds: number,
  loaded: { readonly hostBytes: number; readonly zramBytes: number },
): Promise<Block> {
  const pids = workloads.map(({ pid }) => pid);
  const before = { usage: sumUsage(pids), policy: policy.usage(), ms: performance.now() };
  const sums = { rssBytes: 0, zramBytes: 0, swapCachedBytes: 0, ownBytes: 0 };
  const endsMs = before.ms + seconds * 1000;
  const hostLevels: number[] = [];
  let samples = 0;
  for (; performance.now() < endsMs; samples++) {
    sums.rssBytes += sumUsage(pids).rssBytes;
    sums.zramBytes += zram.usedBytes();
    sums.swapCachedBytes += readSwapCachedBytes();
    sums.ownBytes += policy.usage().rssBytes;
    hostLevels.push(readHostUsedBytes());
    await sleep(1000);
  }
  const elapsedS = (performance.now() - before.ms) / 1000;
  const [zipf, burst] = workloads;
  return {
    rssBytes: sums.rssBytes / samples,
    // Less what others on this host had in it before.
    zramBytes: sums.zramBytes / samples - loaded.zramBytes,
    swapCachedBytes: sums.swapCachedBytes / samples,
    ownBytes: sums.ownBytes / samples,
    hostSavedBytes: loaded.hostBytes - median(hostLevels),
    hostSpreadBytes: (quantile(hostLevels, 0.84) - quantile(hostLevels, 0.16)) / 2,
    majorFaultsPerS: (sumUsage(pids).majorFaults - before.usage.majorFaults) / elapsedS,
    cpuPercent: (policy.usage().cpuMs - before.policy.cpuMs) / elapsedS / 10,
    requests: await zipf!.ask('report'),
    burstsMs: (await burst!.ask<{ burstsMs: number[] }>('report')).burstsMs,
  };
}

async function startPolicy(
  programs: Programs,
  policy: Policy,
  pids: readonly number[],
): Promise<RunningPolicy> {
  if (policy === 'ours' || policy === 'wide') {
    const decider = process.env['RUVECTOR_BENCH_DECIDER'] === 'rule' ? 'rule' : 'model';
    const optimizer = await startOptimizer({
      targets: pids,
      goal: 'save',
      decider,
      ...(policy === 'wide' && { stallBudget: WIDE_BUDGET }),
    });
    return {
      usage: () => optimizer.usage(),
      describe: async () => `; it says ${JSON.stringify(await optimizer.readActions())}`,
      [Symbol.asyncDispose]: () => optimizer[Symbol.asyncDispose](),
    };
  }
  const none = { usage: () => sumUsage([]), describe: () => Promise.resolve('') };
  if (policy === 'none') return { ...none, [Symbol.asyncDispose]: () => Promise.resolve() };
  const args = policy === 'age' ? [String(AGE_S), ...pids.map(String)] : pids.map(String);
  const child = spawn(programs.path(policy), args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = once(child, 'exit');
  await once(child, 'spawn');
  return {
    ...none,
    usage: () => {
      if (child.exitCode !== null) throw new Error(`The policy ${policy} ended with code ${child.exitCode}`);
      return sumUsage([child.pid!]);
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

function describeBlock(block: Block): string {
  const mib = (bytes: number): string => (bytes / MIB).toFixed(0);
  return `RSS ${mib(block.rssBytes)} MiB, zram ${mib(block.zramBytes)}, SwapCached ${mib(block.swapCachedBytes)}, its own ${mib(block.ownBytes)}, host ${mib(block.hostSavedBytes)} freed, bursts ${block.burstsMs.map((ms) => ms.toFixed(0)).join(' ')} ms`;
}

/** Means over the blocks of a policy, against those without any. Shares in percent. */
interface Figures {
  readonly rssSaved: number;
  readonly net: number;
  readonly netWithOwn: number;
  readonly hostNet: number;
  /** Of `hostNet`, from how the host moves without a policy. */
  readonly hostNoise: number;
  readonly burstRatio: number;
  readonly p99Ratio: number;
  readonly latePercent: number;
  readonly majorFaultsPerS: number;
  readonly cpuPercent: number;
}

function summarise(blocks: readonly Block[], without: readonly Block[]): Figures {
  const base = meanOf(without, ({ rssBytes }) => rssBytes);
  const share = (read: (block: Block) => number): number => (meanOf(blocks, read) / base) * 100;
  const ratio = (read: (block: Block) => number): number => meanOf(blocks, read) / meanOf(without, read);
  const net = 100 - share((one) => one.rssBytes + one.zramBytes + one.swapCachedBytes);
  return {
    rssSaved: 100 - share(({ rssBytes }) => rssBytes),
    net,
    netWithOwn: net - share(({ ownBytes }) => ownBytes),
    // Less what moves it without a policy: everybody else on this host.
    hostNet: share((one) => one.hostSavedBytes) - (meanOf(without, (one) => one.hostSavedBytes) / base) * 100,
    hostNoise: (meanOf(without, (one) => one.hostSpreadBytes) / base) * 100,
    burstRatio: ratio(({ burstsMs }) => median(burstsMs)),
    p99Ratio: ratio(({ requests }) => requests.p99Us),
    latePercent: meanOf(blocks, ({ requests }) => (requests.late / requests.count) * 100),
    majorFaultsPerS: meanOf(blocks, ({ majorFaultsPerS }) => majorFaultsPerS),
    cpuPercent: meanOf(blocks, ({ cpuPercent }) => cpuPercent),
  };
}

function meanOf(blocks: readonly Block[], read: (block: Block) => number): number {
  return blocks.reduce((sum, block) => sum + read(block), 0) / blocks.length;
}

interface Row {
  readonly key: keyof Figures;
  readonly name: string;
  readonly unit: string;
  readonly better: BenchCase['better'];
  /** What ours has to reach. @default nothing */
  readonly goal?: (ours: number, age: number) => boolean;
  readonly goalText?: string;
}

const ROWS: readonly Row[] = [
  { key: 'rssSaved', name: 'RSS saved', unit: '%', better: 'higher' },
  { key: 'net', name: 'net (RSS − zram − SwapCached)', unit: '%', better: 'higher' },
  {
    key: 'netWithOwn',
    name: 'net, its own memory counted',
    unit: '%',
    better: 'higher',
    goal: (ours, age) => ours >= age - 1,
    goalText: "age's − 1 point",
  },
  {
    key: 'burstRatio',
    name: 'burst, against none',
    unit: '×',
    better: 'lower',
    goal: (ours, age) => ours <= age,
    goalText: "age's",
  },
  { key: 'p99Ratio', name: 'p99 of requests, against none', unit: '×', better: 'lower' },
  { key: 'latePercent', name: 'requests later than 1 ms', unit: '%', better: 'lower' },
  { key: 'majorFaultsPerS', name: 'major faults', unit: '1/s', better: 'lower' },
  {
    key: 'cpuPercent',
    name: 'the policy itself',
    unit: '% of one core',
    better: 'lower',
    goal: (ours) => ours <= 5,
    goalText: '5 %',
  },
];

function* buildCases(blocks: Record<Policy, Block[]>): Iterable<BenchCase> {
  if (blocks.none.length === 0) {
    note('no "none" block ran: there is nothing to compare with');
    return;
  }
  const figures = (policy: Policy): Figures => summarise(blocks[policy], blocks.none);
  const latePercent = figures('none').latePercent;
  note(`none: ${latePercent.toFixed(2)} % of requests later than 1 ms`);
  const age = blocks.age.length > 0 ? figures('age') : null;
  for (const policy of POLICIES.filter((one) => one !== 'none' && blocks[one].length > 0)) {
    for (const row of ROWS) yield buildCase(policy, row, figures(policy), age);
    yield buildCrossCheck(policy, figures(policy));
  }
}

/** The host's own view; RSS counts what the policy shares with others, so the truth lies in between. */
function buildCrossCheck(policy: Policy, { net, netWithOwn, hostNet, hostNoise }: Figures): BenchCase {
  const tolerance = Math.max(1, 2 * hostNoise);
  return {
    bench: 'optimize.save',
    case: `${policy}: net by free memory of the host`,
    unit: '%',
    better: 'higher',
    anchorName: `net by RSS; noise ±${hostNoise.toFixed(1)} points; goal: within ${tolerance.toFixed(1)}`,
    ours: () => Promise.resolve(hostNet),
    anchor: () => Promise.resolve(netWithOwn),
    runs: 1,
    warmup: false,
    goal: (ours) => ours >= netWithOwn - tolerance && ours <= net + tolerance,
  };
}

function buildCase(policy: Policy, row: Row, figures: Figures, age: Figures | null): BenchCase {
  const { key, name, unit, better, goal, goalText } = row;
  const isJudged = OWN.has(policy) && goal !== undefined && age !== null;
  return {
    bench: 'optimize.save',
    case: `${policy}: ${name}`,
    unit,
    better,
    anchorName: `age of 1 MiB regions, ${AGE_S} s${isJudged ? `; goal: ${goalText}` : ''}`,
    ours: () => Promise.resolve(figures[key]),
    anchor: age === null || policy === 'age' ? null : () => Promise.resolve(age[key]),
    runs: 1,
    warmup: false,
    ...(isJudged ? { goal: (ours: number) => goal(ours, age[key]) } : {}),
  };
}

export const topics: readonly BenchTopic[] = [save];
