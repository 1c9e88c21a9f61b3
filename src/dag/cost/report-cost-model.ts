// How well a cost model foretells, on anybody's own plans: how far its rows are off, and what it costs to follow it. A
// smaller q-error is no better plan (Heinrich and others 2025), so both stand side by side.
import type { CostModel, QueryDag } from '../graph/index.ts';
import { reportError } from './errors.ts';

/** Quantiles of q-errors: by how many times an estimate is off, in either direction; 1 is right. */
export interface QErrors {
  readonly count: number;
  readonly median: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

/** What following a model costs. */
export interface PlanRegret {
  /** Queries with more than one plan. */
  readonly queries: number;
  /** Queries whose fastest plan the model took. */
  readonly bestChosen: number;
  /** Time of the plans that the model takes over that of the fastest ones; 1 is right. */
  readonly total: number;
  /** The same of the worst query. */
  readonly worst: number;
  /** The place of the plan that it takes, by query. */
  readonly chosen: readonly number[];
}

/** Result of {@link reportCostModel}. */
export interface CostModelReport {
  readonly unit: string;
  readonly rows: QErrors;
  readonly regret: PlanRegret;
}

/** By how many times an estimate is off. Both count as 1 at least: below a row nothing can be told. */
export function qError(estimated: number, actual: number): number {
  const [guess, truth] = [Math.max(1, estimated), Math.max(1, actual)];
  return Math.max(guess / truth, truth / guess);
}

/**
 * Reports on a model.
 * @param queries for each query its plans, all of them measured; those with one plan count for the rows alone
 * @throws RuvectorError `ERR_DAG_REPORT` for a plan of which nothing was measured
 */
export function reportCostModel(
  model: CostModel,
  queries: readonly (readonly QueryDag[])[],
): CostModelReport {
  const errors: number[] = [];
  const choices = queries.map((plans, query) =>
    plans.map((plan, place) => {
      const estimates = plan.estimates(model);
      let [cost, ms, measured] = [0, 0, 0];
      for (const { id, facts, details } of plan.nodes()) {
        const estimate = estimates.get(id)!;
        cost += estimate.cost;
        if (facts.exclusiveMs !== undefined) {
          ms += facts.exclusiveMs;
          measured++;
        }
        // What never ran tells nothing of its rows.
        if (facts.actualRows !== undefined && details['loops'] !== 0) {
          errors.push(qError(estimate.rows, facts.actualRows));
        }
      }
      if (measured === 0) throw reportError(query, place, 'no operator has a time');
      return { cost, ms };
    }),
  );
  return { unit: model.unit, rows: quantilesOf(errors), regret: regretOf(choices) };
}

function quantilesOf(errors: readonly number[]): QErrors {
  const sorted = errors.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 1;
  return { count: sorted.length, median: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) };
}

function regretOf(queries: readonly (readonly { cost: number; ms: number }[])[]): PlanRegret {
  const chosen = queries.map((plans) => placeOfLeast(plans.map(({ cost }) => cost)));
  let [taken, best, bestChosen, worst, counted] = [0, 0, 0, 1, 0];
  queries.forEach((plans, query) => {
    if (plans.length < 2) return;
    const ms = plans[chosen[query]!]!.ms;
    const least = Math.min(...plans.map((plan) => plan.ms));
    counted++;
    taken += ms;
    best += least;
    bestChosen += Number(ms === least);
    if (least > 0) worst = Math.max(worst, ms / least);
  });
  return { queries: counted, bestChosen, total: best > 0 ? taken / best : 1, worst, chosen };
}

const placeOfLeast = (numbers: readonly number[]): number => numbers.indexOf(Math.min(...numbers));
