// A policy before a stream of queries whose latencies are known: what it would have chosen, and what that would have cost.
import type { Choice, PolicyMode, SteeringPolicy } from './contract.ts';
import type { LatencyMatrix } from './latency-matrix.ts';
import { createPolicy } from './steering-policy.ts';

/** Options of {@link replayOnline}. */
export interface OnlineOptions {
  readonly mode: PolicyMode;
  readonly rank: number;
  /** Columns beside the default. */
  readonly columns: readonly number[];
  readonly passes: number;
  readonly seed: number;
  readonly random: () => number;
}

/** What a stream cost. */
export interface OnlineReplay {
  /** All passes, time of stopped runs included, as a share of the default's. */
  readonly ratio: number;
  /** Share of the runs that took over 20 % more than the default, stopped ones with their replay. */
  readonly slowerShare: number;
}

/** More than this many times the default's latency counts as slower. */
const SLOWER = 1.2;
/** Policies count in ms; the unit of a file does not matter to anything but the shortest time-out. */
const MS_PER_UNIT = 1000;

/** All queries, pass by pass, each pass in an order of its own. */
export function replayOnline(matrix: LatencyMatrix, options: OnlineOptions): OnlineReplay {
  const stream = new ReplayStream(matrix, options);
  const queries = [...matrix.queries.keys()];
  const costs: RunCost[] = [];
  for (let pass = 0; pass < options.passes; pass++) {
    for (const query of shuffle(queries, options.random)) costs.push(stream.run(query));
  }
  return summarize(costs);
}

/** Templates that the policy never saw: it learns on all others, then sees the queries of these once. */
export function replayUnseen(
  matrix: LatencyMatrix,
  options: OnlineOptions & { readonly folds: number },
): OnlineReplay {
  const { folds, passes, random } = options;
  const order = shuffle([...matrix.templates.keys()], random);
  const foldOf = new Map(order.map((template, at) => [template, at % folds]));
  const queries = [...matrix.queries.keys()];
  const costs: RunCost[] = [];
  for (let fold = 0; fold < Math.min(folds, order.length); fold++) {
    const isHeldOut = (query: number): boolean => foldOf.get(matrix.templateOf[query]!) === fold;
    const stream = new ReplayStream(matrix, options);
    const known = queries.filter((query) => !isHeldOut(query));
    for (let pass = 0; pass < passes; pass++) for (const query of shuffle(known, random)) stream.run(query);
    for (const query of shuffle(queries.filter(isHeldOut), random)) costs.push(stream.run(query));
  }
  return summarize(costs);
}

interface RunCost {
  readonly spent: number;
  readonly base: number;
}

class ReplayStream {
  readonly #matrix: LatencyMatrix;
  readonly #policy: SteeringPolicy;
  readonly #distinct: readonly (readonly string[])[];
  readonly #columnOf: ReadonlyMap<string, number>;

  constructor(matrix: LatencyMatrix, { mode, rank, columns, seed }: OnlineOptions) {
    this.#matrix = matrix;
    const [defaultArm] = matrix.arms as readonly [string];
    const arms = [defaultArm, ...columns.map((column) => matrix.arms[column]!)];
    this.#policy = createPolicy({ arms, defaultArm, seed, mode, rank });
    this.#columnOf = new Map(matrix.arms.map((arm, column) => [arm, column]));
    this.#distinct = matrix.queries.map((_, query) => findDistinct(matrix, query, columns));
  }

  run(query: number): RunCost {
    const { templates, templateOf, queries, latency, arms } = this.#matrix;
    const choice = this.#policy.choose({
      template: templates[templateOf[query]!]!,
      parameters: queries[query]!,
      distinctArms: this.#distinct[query]!,
      isReadOnly: true,
      nowMs: 0,
    });
    const base = latency[query * arms.length]!;
    const { spent, isStopped } = this.#pay(query, choice);
    if (!isStopped) return { spent, base };
    return { spent: spent + this.#pay(query, this.#policy.replay(choice)).spent, base };
  }

  #pay(query: number, choice: Choice): { readonly spent: number; readonly isStopped: boolean } {
    const { latency, isStopped, arms } = this.#matrix;
    const cell = query * arms.length + this.#columnOf.get(choice.arm)!;
    const limit = choice.timeoutMs === null ? Infinity : choice.timeoutMs / MS_PER_UNIT;
    // A run that was stopped when the table was made never ends here either; the default's stands for what it takes.
    const never = isStopped[cell] === 1 && choice.timeoutMs !== null;
    const spent = Math.min(latency[cell]!, limit);
    const timedOut = never || latency[cell]! > limit;
    this.#policy.observe(choice, { ms: spent * MS_PER_UNIT, timedOut }, 0);
    return { spent, isStopped: timedOut };
  }
}

/** Names of the columns with plans of their own for a query, that somebody measured. */
function findDistinct(
  { arms, planOf, latency }: LatencyMatrix,
  query: number,
  columns: readonly number[],
): string[] {
  const row = query * arms.length;
  const seen = new Set([planOf[row]!]);
  const distinct: string[] = [];
  for (const column of columns) {
    const plan = planOf[row + column]!;
    if (Number.isNaN(latency[row + column]!) || seen.has(plan)) continue;
    seen.add(plan);
    distinct.push(arms[column]!);
  }
  return distinct;
}

function summarize(costs: readonly RunCost[]): OnlineReplay {
  let [spent, base, slower] = [0, 0, 0];
  for (const cost of costs) {
    spent += cost.spent;
    base += cost.base;
    if (cost.spent > SLOWER * cost.base) slower++;
  }
  return { ratio: spent / base, slowerShare: slower / costs.length };
}

/** Fisher–Yates. */
function shuffle(values: readonly number[], random: () => number): number[] {
  const order = [...values];
  for (let at = order.length - 1; at > 0; at--) {
    const other = Math.floor(random() * (at + 1));
    [order[at], order[other]] = [order[other]!, order[at]!];
  }
  return order;
}
