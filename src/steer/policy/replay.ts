// A matrix replayed: what exploration and steering would have gained on a workload whose latencies are known, over many seeds.
// Who chooses sees only what the protocol lets it pay for; the matrix itself is looked at to tell what a run cost, and for the
// two bounds no policy knows (best single arm, oracle). docs/steer.md has the protocol.
import { createSeededRandom } from '../../core/portable/index.ts';
import { chooseColumns } from './choose-columns.ts';
import { policyOptionError } from './errors.ts';
import { exploreOffline } from './explore-offline.ts';
import type { ExplorationStrategy } from './explore-offline.ts';
import type { LatencyMatrix } from './latency-matrix.ts';
import { replayOnline, replayUnseen } from './replay-online.ts';

/** Options of {@link replayMatrix}. */
export interface ReplayOptions {
  /** @default 20 */
  readonly seeds?: number;
  /** Exploration offline, as a share of the default's total time. @default 0.5 */
  readonly budget?: number;
  /** @default 2 */
  readonly rank?: number;
  /** Columns to steer with online, by name. @default five at most, those whose plans differ most */
  readonly arms?: readonly string[];
  /** Passes of the eager policy, and of the safe one. @default 5 and 10 */
  readonly passes?: number;
  readonly safePasses?: number;
  /** Told of each seed that is done. */
  readonly onSeed?: (done: number) => void;
  readonly signal?: AbortSignal;
}

/** A figure over all seeds: the mean, and 95 % of them lie between the two bounds. */
export interface SeedInterval {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/** Totals are shares of the default's. */
export interface ReplayReport {
  readonly queries: number;
  readonly templates: number;
  readonly columns: number;
  /** Queries without a latency of the default. */
  readonly leftOut: number;
  readonly seeds: number;
  readonly rank: number;
  readonly offline: {
    readonly budget: number;
    readonly ratio: number;
    /** Queries slower than with the default, in the worst seed. */
    readonly regressions: number;
    readonly greedy: number;
    readonly random: number;
    readonly bestSingle: number;
    readonly oracle: number;
  };
  readonly online: {
    readonly arms: readonly string[];
    readonly passes: number;
    readonly ratio: number;
    readonly safePasses: number;
    readonly safeRatio: number;
    /** Share of the safe policy's runs that took over 20 % more than the default. */
    readonly safeSlowerShare: number;
    readonly slowerShare: number;
    /** What no policy with these arms can be better than. */
    readonly oracle: number;
  };
  readonly unseen: { readonly ratio: number; readonly folds: number };
  /** By the path of the figure, `offline.ratio`. */
  readonly intervals: Readonly<Record<string, SeedInterval>>;
}

/** Arms beside the default. */
const MOST_ARMS = 5;
const FOLDS = 5;
/** Passes over the other templates before one that is unseen. */
const UNSEEN_PASSES = 2;

interface SeedFigures {
  readonly [path: string]: number;
}

/** @throws RuvectorError `ERR_STEER_OPTION`; the reason of the signal */
export async function replayMatrix(
  matrix: LatencyMatrix,
  options: ReplayOptions = {},
): Promise<ReplayReport> {
  const { seeds = 20, budget = 0.5, rank = 2, passes = 5, safePasses = 10, onSeed, signal } = options;
  refuseOptions({ seeds, budget, rank, passes, safePasses });
  const columns = options.arms ? findColumns(matrix, options.arms) : chooseColumns(matrix, MOST_ARMS);
  const figures: SeedFigures[] = [];
  for (let seed = 1; seed <= seeds; seed++) {
    figures.push(replaySeed(matrix, { seed, budget, rank, passes, safePasses, columns }));
    onSeed?.(seed);
    // Lets signals and progress through.
    await new Promise((resolve) => setImmediate(resolve));
    signal?.throwIfAborted();
  }
  return buildReport(matrix, figures, { budget, rank, passes, safePasses, columns });
}

interface SeedOptions {
  readonly budget: number;
  readonly rank: number;
  readonly passes: number;
  readonly safePasses: number;
  readonly columns: readonly number[];
}

function replaySeed(
  matrix: LatencyMatrix,
  { seed, budget, rank, passes, safePasses, columns }: SeedOptions & { seed: number },
): SeedFigures {
  const explore = (strategy: ExplorationStrategy) =>
    exploreOffline(matrix, { strategy, budget, rank, random: createSeededRandom(seed) });
  const online = { rank, columns, seed };
  const lowRank = explore('low-rank');
  const eager = replayOnline(matrix, { ...online, mode: 'eager', passes, random: createSeededRandom(seed) });
  const safe = replayOnline(matrix, {
    ...online,
    mode: 'safe',
    passes: safePasses,
    random: createSeededRandom(seed),
  });
  const unseen = replayUnseen(matrix, {
    ...online,
    mode: 'safe',
    passes: UNSEEN_PASSES,
    folds: FOLDS,
    random: createSeededRandom(seed),
  });
  return {
    'offline.ratio': lowRank.ratio,
    'offline.regressions': lowRank.regressions,
    'offline.greedy': explore('greedy').ratio,
    'offline.random': explore('random').ratio,
    'online.ratio': eager.ratio,
    'online.slowerShare': eager.slowerShare,
    'online.safeRatio': safe.ratio,
    'online.safeSlowerShare': safe.slowerShare,
    'unseen.ratio': unseen.ratio,
  };
}

function buildReport(
  matrix: LatencyMatrix,
  figures: readonly SeedFigures[],
  options: SeedOptions,
): ReplayReport {
  const { budget, rank, passes, safePasses, columns } = options;
  const { arms, queries, templates, leftOut } = matrix;
  const intervals = Object.fromEntries(
    Object.keys(figures[0]!).map((path) => [path, findInterval(figures.map((each) => each[path]!))]),
  );
  const mean = (path: string): number => intervals[path]!.mean;
  const all = arms.map((_, column) => column);
  return {
    queries: queries.length,
    templates: templates.length,
    columns: arms.length,
    leftOut: leftOut.length,
    seeds: figures.length,
    rank,
    offline: {
      budget,
      ratio: mean('offline.ratio'),
      regressions: intervals['offline.regressions']!.high,
      greedy: mean('offline.greedy'),
      random: mean('offline.random'),
      bestSingle: Math.min(...all.map((column) => findTotal(matrix, [column]))),
      oracle: findTotal(matrix, all),
    },
    online: {
      arms: [arms[0]!, ...columns.map((column) => arms[column]!)],
      passes,
      ratio: mean('online.ratio'),
      slowerShare: mean('online.slowerShare'),
      safePasses,
      safeRatio: mean('online.safeRatio'),
      safeSlowerShare: mean('online.safeSlowerShare'),
      oracle: findTotal(matrix, [0, ...columns]),
    },
    unseen: { ratio: mean('unseen.ratio'), folds: FOLDS },
    intervals,
  };
}

/** The fastest of some columns for each query; the default where none of them is known. */
function findTotal({ arms, queries, latency }: LatencyMatrix, columns: readonly number[]): number {
  let [total, base] = [0, 0];
  for (let query = 0; query < queries.length; query++) {
    const row = query * arms.length;
    const known = columns.map((column) => latency[row + column]!).filter((each) => !Number.isNaN(each));
    total += known.length > 0 ? Math.min(...known) : latency[row]!;
    base += latency[row]!;
  }
  return total / base;
}

/** Of few seeds the bounds are the least and the greatest. */
function findInterval(values: readonly number[]): SeedInterval {
  const sorted = Float64Array.from(values).sort();
  const at = (q: number): number => sorted[Math.round(q * (sorted.length - 1))]!;
  return {
    mean: sorted.reduce((sum, each) => sum + each, 0) / sorted.length,
    low: at(0.025),
    high: at(0.975),
  };
}

function findColumns({ arms }: LatencyMatrix, names: readonly string[]): number[] {
  const columns = [...new Set(names)].map((name) => {
    const column = arms.indexOf(name);
    if (column < 0)
      throw policyOptionError('arms', name, `columns of the matrix: ${arms.slice(0, 60).join(', ')}`);
    return column;
  });
  return columns.filter((column) => column > 0);
}

function refuseOptions({
  budget,
  ...counts
}: Required<Pick<ReplayOptions, 'seeds' | 'budget' | 'rank' | 'passes' | 'safePasses'>>): void {
  refuseUnless('budget', budget, budget > 0 && Number.isFinite(budget), 'a share above 0');
  refuseUnless('rank', counts.rank, counts.rank <= 16, 'a whole number from 1 to 16');
  for (const [name, value] of Object.entries(counts)) {
    refuseUnless(name, value, Number.isSafeInteger(value) && value > 0, 'a whole number above 0');
  }
}

function refuseUnless(option: string, value: unknown, isFine: boolean, wanted: string): void {
  if (!isFine) throw policyOptionError(option, value, wanted);
}
