// `optimize.harm`: what acting does to a process that is in use, and whether what is not in use is given
// back when somebody needs it. A hot process reads a mapped file at random, a cold one holds a file and
// anonymous memory; first another cgroup is short of memory, then theirs. No daemon, rule and model take
// turns, with fresh processes each, and in every second round the cold process is the older one: then
// the kernel's own lists already point at it. Memory is judged by mincore, from outside the product.
// Lengths: RUVECTOR_BENCH_ROUNDS (2), RUVECTOR_BENCH_ELSEWHERE_S (20), RUVECTOR_BENCH_THEIRS_S (45),
// RUVECTOR_BENCH_IDLE_S (60; 300 in full).
import { totalmem } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { startResidencyReader } from '../support/optimize/residency.ts';
import type { ResidencyReader } from '../support/optimize/residency.ts';
import { median } from './harness.ts';
import type { BenchCase, BenchTopic } from './harness.ts';
import { createMemoryCgroup, whyNoCgroup } from './optimize/memory-cgroup.ts';
import { note, readSetting } from './optimize/note.ts';
import { startOptimizer } from './optimize/optimizer-process.ts';
import type { OptimizerProcess } from './optimize/optimizer-process.ts';
import { compilePrograms } from './optimize/programs.ts';
import type { Programs } from './optimize/programs.ts';
import { startWorkload } from './optimize/workload.ts';
import type { LatencyReport, Workload } from './optimize/workload.ts';

const MIB = 2 ** 20;
const COLD_MIB = 512;
const COLD_ANON_MIB = 64;
/** More than a tenth of the host. */
const HOT_MIB = Math.ceil((totalmem() / MIB) * 0.11);
/** Elsewhere more than its cgroup holds; in theirs no more than the cold file leaves room for. */
const STREAM_MIB: Readonly<Record<Phase, number>> = { elsewhere: 512, theirs: 64 };
const OTHERS_LIMIT_MIB = 192;
const SLACK_MIB = 32;
const SETTLE_S = 6;
/** Ahead of whatever else runs on the host: the loop is to show memory, not its turn at the core. */
const HOT_NICE = -10;

const PHASES = ['elsewhere', 'theirs'] as const;
type Phase = (typeof PHASES)[number];
/** Which of the two read its memory first: the kernel's lists begin with that. */
const ORDERS = ['hot older', 'cold older'] as const;
type Order = (typeof ORDERS)[number];
const POLICIES = ['control', 'rule', 'model'] as const;
type Policy = (typeof POLICIES)[number];

interface Files {
  readonly hot: string;
  readonly cold: string;
  readonly stream: Readonly<Record<Phase, string>>;
}

/** One run of one policy through all phases. */
interface Run {
  readonly order: Order;
  readonly hot: Readonly<Record<Phase, LatencyReport>>;
  /** Of the cold file, at the end of each phase, percent. */
  readonly givenBack: Readonly<Record<Phase, number>>;
  readonly cpuPercent: number;
}

interface Bench {
  readonly programs: Programs;
  readonly files: Files;
  readonly residency: ResidencyReader;
  readonly seconds: Readonly<Record<Phase, number>>;
}

const harm: BenchTopic = {
  name: 'optimize.harm',
  async *cases() {
    const why = whyNoCgroup();
    if (why !== null) {
      note(`optimize.harm is skipped: ${why}`);
      return;
    }
    const rounds = readSetting('RUVECTOR_BENCH_ROUNDS', 2);
    using programs = compilePrograms();
    note(`files of ${HOT_MIB} and ${COLD_MIB} MiB are written to ${programs.folder}`);
    const files = {
      hot: await programs.createFile('hot.data', HOT_MIB),
      cold: await programs.createFile('cold.data', COLD_MIB),
      stream: {
        elsewhere: await programs.createFile('elsewhere.data', STREAM_MIB.elsewhere),
        theirs: await programs.createFile('theirs.data', STREAM_MIB.theirs),
      },
    };
    await using residency = startResidencyReader();
    const seconds = {
      elsewhere: readSetting('RUVECTOR_BENCH_ELSEWHERE_S', 20),
      theirs: readSetting('RUVECTOR_BENCH_THEIRS_S', 45),
    };
    const bench = { programs, files, residency, seconds };
    yield* idleCases(bench);
    yield* pressureCases(await runInterleaved(bench, rounds));
  },
};

async function runInterleaved(bench: Bench, rounds: number): Promise<Record<Policy, Run[]>> {
  const runs: Record<Policy, Run[]> = { control: [], rule: [], model: [] };
  for (let round = 0; round < rounds; round++) {
    // Back and forth, so that a host that drifts favours nobody.
    const policies = round % 2 === 0 ? POLICIES : [...POLICIES].reverse();
    const order = ORDERS[round % 2]!;
    for (const policy of policies) runs[policy].push(await runPolicy(bench, policy, order));
  }
  return runs;
}

async function runPolicy(bench: Bench, policy: Policy, order: Order): Promise<Run> {
  using theirs = createMemoryCgroup('theirs');
  using others = createMemoryCgroup('others');
  others.setLimit(OTHERS_LIMIT_MIB * MIB);
  await using pair = await startPair(bench, order, theirs.path);
  const { hot, cold } = pair;
  // Just too small: what a newcomer wants is there only when most of the cold file goes. Taken now, so
  // that it is the same for every policy, whatever it does in between.
  const limitBytes = theirs.usageBytes() + SLACK_MIB * MIB;
  await using optimizer =
    policy === 'control'
      ? null
      : await startOptimizer({ targets: [hot.pid, cold.pid], goal: 'relieve', decider: policy });
  await sleep(SETTLE_S * 1000);
  const cpu = startCpuMeter(optimizer);
  const press = async (
    phase: Phase,
    cgroup: string,
    anonMib: number,
  ): Promise<{ hot: LatencyReport; givenBack: number }> => {
    const options = { file: bench.files.stream[phase], 'anon-mib': anonMib, cgroup };
    await using pressure = await startWorkload(bench.programs, 'pressure', options);
    await hot.ask('report');
    await pressure.ask('go');
    await sleep(bench.seconds[phase] * 1000);
    return { hot: await hot.ask<LatencyReport>('report'), givenBack: await readGivenBack(bench) };
  };
  const elsewhere = await press('elsewhere', others.path, OTHERS_LIMIT_MIB / 2);
  note(`${policy}: elsewhere ${await describe(elsewhere, optimizer)}`);
  theirs.setLimit(limitBytes);
  const own = await press('theirs', theirs.path, Math.round(COLD_MIB * 0.7));
  const cpuPercent = cpu();
  note(`${policy}: theirs, ${order}, ${await describe(own, optimizer)}`);
  theirs.setLimit(Number.POSITIVE_INFINITY);
  const again = await cold.ask<{ fileMs: number; anonMs: number }>('touch');
  note(
    `${policy}: cold touched again in ${again.fileMs.toFixed(0)} ms (file), ${again.anonMs.toFixed(0)} ms`,
  );
  return {
    order,
    hot: { elsewhere: elsewhere.hot, theirs: own.hot },
    givenBack: { elsewhere: elsewhere.givenBack, theirs: own.givenBack },
    cpuPercent,
  };
}

interface Pair extends AsyncDisposable {
  readonly hot: Workload;
  readonly cold: Workload;
}

/** Both read their files anew, in a cgroup or in none. */
async function startPair({ programs, files }: Bench, order: Order, cgroup: string): Promise<Pair> {
  await using started = new AsyncDisposableStack();
  const startHot = async (): Promise<Workload> =>
    started.use(await startWorkload(programs, 'hot', { file: files.hot, nice: HOT_NICE, cgroup }));
  const startCold = async (): Promise<Workload> =>
    started.use(
      await startWorkload(programs, 'cold', { file: files.cold, 'anon-mib': COLD_ANON_MIB, cgroup }),
    );
  const early = order === 'cold older' ? await startCold() : null;
  const hot = await startHot();
  const cold = early ?? (await startCold());
  const all = started.move();
  return { hot, cold, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

async function readGivenBack({ residency, files }: Bench): Promise<number> {
  const { pages, resident } = await residency.readFile(files.cold);
  return ((pages - resident) / pages) * 100;
}

/** Percent of one core between now and the call of the result. */
function startCpuMeter(optimizer: OptimizerProcess | null): () => number {
  const startMs = performance.now();
  const before = optimizer?.usage().cpuMs ?? 0;
  return () => (((optimizer?.usage().cpuMs ?? 0) - before) / (performance.now() - startMs)) * 100;
}

async function describe(
  { hot, givenBack }: { hot: LatencyReport; givenBack: number },
  optimizer: OptimizerProcess | null,
): Promise<string> {
  const figures = `hot mean ${hot.meanUs.toFixed(1)} µs, p99 ${hot.p99Us.toFixed(0)} µs; cold file ${givenBack.toFixed(1)} % given back`;
  if (optimizer === null) return figures;
  const { actions, advisedKib, freedKib, unknown } = await optimizer.readActions();
  const mib = (kib: number | null): string => (kib === null ? '?' : (kib / 1024).toFixed(0));
  return `${figures}; ${actions} actions, ${mib(advisedKib)} MiB advised, ${mib(freedKib)} freed, ${unknown ?? '?'} unknown; ${(optimizer.usage().anonBytes / MIB).toFixed(0)} MiB of its own`;
}

function* pressureCases(runs: Record<Policy, Run[]>): Iterable<BenchCase> {
  for (const policy of ['rule', 'model'] as const) {
    yield* hotCases(runs, policy, 'pressure elsewhere', 'elsewhere', () => true);
    for (const order of ORDERS) {
      const isOrder = (run: Run): boolean => run.order === order;
      yield* hotCases(runs, policy, `pressure in theirs, ${order}`, 'theirs', isOrder);
      yield* givenBackCases(runs, policy, order);
    }
    yield {
      ...fromRuns(runs[policy], (run) => run.cpuPercent),
      case: `${policy}: the optimizer itself`,
      unit: '% of one core',
      better: 'lower',
      anchorName: 'none: goal ≤ 2 %',
      anchor: null,
      goal: (ours) => ours <= 2,
    };
  }
}

function* hotCases(
  runs: Record<Policy, Run[]>,
  policy: Policy,
  name: string,
  phase: Phase,
  isMeant: (run: Run) => boolean,
): Iterable<BenchCase> {
  const ours = runs[policy].filter(isMeant);
  if (ours.length === 0) return;
  for (const [key, figure, limit] of [
    ['meanUs', 'mean', 1.1],
    ['p99Us', 'p99', 1.5],
  ] as const) {
    yield {
      ...fromRuns(ours, (run) => run.hot[phase][key]),
      case: `${policy}, ${name}: hot loop ${figure}`,
      unit: 'µs',
      better: 'lower',
      anchorName: `no daemon; goal ≤ ${limit}×`,
      anchor: inTurn(runs.control.filter(isMeant).map((run) => run.hot[phase][key])),
      goal: (_ours, ratio) => ratio !== null && ratio >= 1 / limit,
    };
  }
}

function* givenBackCases(runs: Record<Policy, Run[]>, policy: Policy, order: Order): Iterable<BenchCase> {
  const [ours, control] = [policy, 'control' as const].map((one) =>
    runs[one].filter((run) => run.order === order).map((run) => run.givenBack.theirs),
  );
  if (ours!.length === 0) return;
  yield {
    bench: 'optimize.harm',
    runs: ours!.length,
    warmup: false,
    ours: inTurn(ours!),
    case: `${policy}, ${order}: cold clean file memory given back`,
    unit: '%',
    better: 'higher',
    // In the name, because no ratio to nothing can be had.
    anchorName: `no daemon: ${median(control!).toFixed(1)} %; goal ≥ 70 %`,
    anchor: null,
    goal: (share) => share >= 70,
  };
}

async function* idleCases(bench: Bench): AsyncIterable<BenchCase> {
  const idleS = readSetting('RUVECTOR_BENCH_IDLE_S', 60);
  await using pair = await startPair(bench, 'hot older', '');
  for (const decider of ['rule', 'model'] as const) {
    yield {
      bench: 'optimize.harm',
      case: `${decider}: actions on an idle host in ${idleS} s`,
      unit: 'actions',
      better: 'lower',
      anchorName: 'none: goal 0',
      anchor: null,
      runs: 1,
      warmup: false,
      ours: async () => {
        const targets = [pair.hot.pid, pair.cold.pid];
        await using optimizer = await startOptimizer({ targets, goal: 'relieve', decider });
        await sleep(idleS * 1000);
        return (await optimizer.readActions()).actions;
      },
      goal: (ours) => ours === 0,
    };
  }
}

/** Figures measured before: the harness takes their median, run by run beside the anchor's. */
function fromRuns(
  runs: readonly Run[],
  read: (run: Run) => number,
): Pick<BenchCase, 'bench' | 'runs' | 'warmup' | 'ours'> {
  return { bench: 'optimize.harm', runs: runs.length, warmup: false, ours: inTurn(runs.map(read)) };
}

function inTurn(values: readonly number[]): () => Promise<number> {
  let at = 0;
  return () => Promise.resolve(values[at++ % values.length]!);
}

export const topics: readonly BenchTopic[] = [harm];
