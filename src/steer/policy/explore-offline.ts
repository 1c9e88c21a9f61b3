// Offline exploration of a workload: queries are run under other arms until a budget of time is spent, each for no longer than
// it takes already; then every query keeps the fastest arm that was seen to end. Nothing gets slower that way, whatever the
// model believes. The protocol of LimeQO; what it may see of a matrix are the cells it has paid for.
import { CellState, CensoredAls } from './censored-als.ts';
import type { LatencyMatrix } from './latency-matrix.ts';

/** How the next cells are chosen: by completed matrix, the slowest query first, or by chance. */
export type ExplorationStrategy = 'low-rank' | 'greedy' | 'random';

/** Options of {@link exploreOffline}. */
export interface ExplorationOptions {
  readonly strategy: ExplorationStrategy;
  /** Time to spend, as a share of the default's total. */
  readonly budget: number;
  readonly rank: number;
  readonly random: () => number;
}

/** Where a workload is after exploration. */
export interface Exploration {
  /** The arm of each query. */
  readonly armOf: Int32Array;
  /** Total as a share of the default's. */
  readonly ratio: number;
  /** Queries that are slower than with the default. */
  readonly regressions: number;
  readonly runs: number;
}

/** A run may take so many times what is expected of it. */
const PATIENCE = 15;
/** Sweeps of the first fit, and of the others, which go on from it. */
const FIRST_SWEEPS = 50;
const SWEEPS = 5;
/** Fits in which each query could be run once. */
const ROUNDS = 100;

/** @returns the arms, after the budget is spent or nothing is left to try */
export function exploreOffline(matrix: LatencyMatrix, options: ExplorationOptions): Exploration {
  const state = new ExplorationState(matrix, options.budget);
  const { length: queries } = matrix.queries;
  const size = Math.max(4, Math.ceil(queries / ROUNDS));
  if (options.strategy === 'low-rank') exploreLowRank(state, options, size);
  else if (options.strategy === 'greedy') exploreGreedily(state, options.random, size);
  else while (state.isGoing && state.runByChance(options.random));
  return state.finish();
}

class ExplorationState {
  readonly matrix: LatencyMatrix;
  readonly arms: number;
  readonly states: Uint8Array;
  /** log(1 + latency / unit); the unit is the median query, so that a file in milliseconds is explored as one in seconds. */
  readonly values: Float64Array;
  readonly best: Float64Array;
  readonly unit: number;
  readonly #armOf: Int32Array;
  readonly #total: number;
  #left: number;
  #runs = 0;

  constructor(matrix: LatencyMatrix, budget: number) {
    const { queries, latency } = matrix;
    this.matrix = matrix;
    this.arms = matrix.arms.length;
    this.states = new Uint8Array(latency.length);
    this.values = new Float64Array(latency.length);
    this.best = Float64Array.from(queries, (_, query) => latency[query * this.arms]!);
    this.unit = this.best.toSorted()[queries.length >> 1]!;
    this.#armOf = new Int32Array(queries.length);
    this.#total = this.best.reduce((sum, each) => sum + each, 0);
    this.#left = this.#total * budget;
    for (let query = 0; query < queries.length; query++) {
      const isStopped = matrix.isStopped[query * this.arms] === 1;
      this.#know(query, 0, this.best[query]!, isStopped);
    }
  }

  /** A share of the budget so small that rounding made it is none. */
  get isGoing(): boolean {
    return this.#left > this.#total * 1e-12;
  }

  /** Whether a query may be run with an arm: it never was, nor with the same plan, and somebody measured it. */
  canRun(query: number, arm: number): boolean {
    const cell = query * this.arms + arm;
    return this.states[cell] === CellState.unknown && !Number.isNaN(this.matrix.latency[cell]!);
  }

  /** Runs a query for at most `limit`, or as long as the budget lasts. */
  run(query: number, arm: number, limit: number): void {
    const cell = query * this.arms + arm;
    const allowed = Math.min(limit, this.#left);
    const latency = this.matrix.latency[cell]!;
    const hasEnded = this.matrix.isStopped[cell] === 0 && latency < allowed;
    const spent = Math.min(latency, allowed);
    this.#left -= spent;
    this.#runs++;
    this.#know(query, arm, spent, !hasEnded);
    if (!hasEnded || latency >= this.best[query]!) return;
    this.best[query] = latency;
    this.#armOf[query] = arm;
  }

  /** @returns false when nothing is left to run */
  runByChance(random: () => number): boolean {
    const [queries, arms] = [this.best.length, this.arms];
    const from = Math.floor(random() * queries * arms);
    // Cells behind a chosen one stand in for it when it was run: what is left thins out evenly enough.
    for (let step = 0; step < queries * arms; step++) {
      const cell = (from + step * 7919) % (queries * arms);
      const [query, arm] = [Math.floor(cell / arms), cell % arms];
      if (!this.canRun(query, arm)) continue;
      this.run(query, arm, this.best[query]!);
      return true;
    }
    return false;
  }

  finish(): Exploration {
    const { latency } = this.matrix;
    let [total, regressions] = [0, 0];
    this.#armOf.forEach((arm, query) => {
      const chosen = latency[query * this.arms + arm]!;
      total += chosen;
      if (chosen > latency[query * this.arms]!) regressions++;
    });
    return { armOf: this.#armOf, ratio: total / this.#total, regressions, runs: this.#runs };
  }

  /** What is known of an arm is known of all with the same plan: EXPLAIN tells them before anything runs. */
  #know(query: number, arm: number, latency: number, isStopped: boolean): void {
    const row = query * this.arms;
    const plan = this.matrix.planOf[row + arm]!;
    for (let other = 0; other < this.arms; other++) {
      if (this.matrix.planOf[row + other] !== plan) continue;
      this.states[row + other] = isStopped ? CellState.stopped : CellState.measured;
      this.values[row + other] = Math.log1p(latency / this.unit);
    }
  }
}

interface Candidate {
  readonly query: number;
  readonly arm: number;
  readonly expected: number;
  /** What is expected to be saved for each unit of time that is spent. */
  readonly yield: number;
}

function exploreLowRank(state: ExplorationState, { rank, random }: ExplorationOptions, size: number): void {
  const als = new CensoredAls(state.best.length, state.arms, { rank, random });
  for (let round = 0; state.isGoing; round++) {
    als.fit(state.values, state.states, round === 0 ? FIRST_SWEEPS : SWEEPS);
    const candidates = findCandidates(state, als.completed)
      .toSorted((one, other) => other.yield - one.yield)
      .slice(0, size);
    for (const { query, arm, expected } of candidates) {
      if (!state.isGoing) return;
      state.run(query, arm, Math.min(state.best[query]!, PATIENCE * expected));
    }
    // Where the model expects nothing more, chance may know better.
    for (let count = candidates.length; count < size && state.isGoing; count++) {
      if (!state.runByChance(random)) return;
    }
  }
}

/** The arm of each query that is expected to be fastest, where that is faster than what is known. */
function findCandidates(state: ExplorationState, completed: Float64Array): Candidate[] {
  const candidates: Candidate[] = [];
  for (let query = 0; query < state.best.length; query++) {
    let [arm, least] = [-1, Infinity];
    for (let other = 0; other < state.arms; other++) {
      const expected = completed[query * state.arms + other]!;
      if (expected >= least || !state.canRun(query, other)) continue;
      [arm, least] = [other, expected];
    }
    const expected = Math.max(Math.expm1(least) * state.unit, Number.MIN_VALUE);
    const best = state.best[query]!;
    if (arm >= 0 && expected < best)
      candidates.push({ query, arm, expected, yield: (best - expected) / expected });
  }
  return candidates;
}

function exploreGreedily(state: ExplorationState, random: () => number, size: number): void {
  for (let ran = 1; ran > 0;) {
    ran = 0;
    const slowest = [...state.best.keys()].toSorted((one, other) => state.best[other]! - state.best[one]!);
    for (const query of slowest) {
      if (ran >= size || !state.isGoing) break;
      const arms = Array.from({ length: state.arms }, (_, arm) => arm).filter((arm) =>
        state.canRun(query, arm),
      );
      if (arms.length === 0) continue;
      state.run(query, arms[Math.floor(random() * arms.length)]!, state.best[query]!);
      ran++;
    }
    if (!state.isGoing) return;
  }
}
