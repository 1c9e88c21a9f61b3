// How well scores foretold where a run spent its time. Ties of a forecast count by chance: a forecast that says the same of
// all operators hits the slowest of n in one of n cases.
import type { QueryDag } from '../graph/index.ts';
import { buildAttentionPlan } from './attention-plan.ts';
import { timelessRunError, unmeasuredOperatorError } from './errors.ts';

/** What a forecast was worth. */
export interface ForecastScore {
  /** Chance that the operator it puts first is the slowest one, 0–1. */
  readonly top1: number;
  /** Normalised discounted gain of the three it puts first, 0–1; the gain of an operator is its share. */
  readonly ndcg3: number;
  /** Mean difference of shares. */
  readonly shareMae: number;
  /** KL(actual ‖ forecast) in nats. */
  readonly divergence: number;
}

/** A forecast of nothing is infinitely wrong; it counts as this much. */
const LEAST_FORECAST = 1e-6;

/** Shares of a plan's time by operator. @throws RuvectorError `ERR_DAG_ATTENTION_RUN` */
export function findTimeShares(run: QueryDag): Map<number, number> {
  let totalMs = 0;
  for (const { id, facts } of run.nodes()) {
    if (facts.exclusiveMs === undefined) throw unmeasuredOperatorError(id);
    totalMs += facts.exclusiveMs;
  }
  if (!(totalMs > 0)) throw timelessRunError();
  return new Map(run.nodes().map(({ id, facts }) => [id, facts.exclusiveMs! / totalMs]));
}

/** What is known of operators' shares without attention: those of the run that was measured, else of the planner's cost. */
export function findKnownShares(dag: QueryDag): Map<number, number> {
  const { layout, share } = buildAttentionPlan(dag);
  return new Map(Array.from(layout.ids, (id, place) => [id, share[place]!]));
}

/** Compares scores with the shares of a run, by id. Operators without a score have 0. */
export function scoreForecast(
  scores: ReadonlyMap<number, number>,
  actual: ReadonlyMap<number, number>,
): ForecastScore {
  const ids = [...actual.keys()];
  const forecast = ids.map((id) => scores.get(id) ?? 0);
  const shares = ids.map((id) => actual.get(id)!);
  return {
    top1: findTopChance(forecast, shares),
    ndcg3: findGain(forecast, shares, 3) / findGain(shares, shares, 3),
    shareMae: shares.reduce((sum, share, at) => sum + Math.abs(share - forecast[at]!), 0) / shares.length,
    divergence: findDivergence(forecast, shares),
  };
}

function findTopChance(forecast: readonly number[], shares: readonly number[]): number {
  const [most, longest] = [Math.max(...forecast), Math.max(...shares)];
  const first = shares.filter((_, at) => forecast[at] === most);
  return first.filter((share) => share === longest).length / first.length;
}

/** Discounted gain of the first places; tied operators share what their places discount. */
function findGain(forecast: readonly number[], shares: readonly number[], places: number): number {
  const order = forecast.map((_, at) => at).sort((a, b) => forecast[b]! - forecast[a]!);
  let gain = 0;
  for (let from = 0; from < Math.min(places, order.length);) {
    let to = from;
    while (to < order.length && forecast[order[to]!] === forecast[order[from]!]) to++;
    const tied = order.slice(from, to);
    const mean = tied.reduce((sum, at) => sum + shares[at]!, 0) / tied.length;
    for (let place = from; place < Math.min(to, places); place++) gain += mean / Math.log2(place + 2);
    from = to;
  }
  return gain;
}

function findDivergence(forecast: readonly number[], shares: readonly number[]): number {
  return shares.reduce(
    (sum, share, at) =>
      share > 0 ? sum + share * Math.log(share / Math.max(forecast[at]!, LEAST_FORECAST)) : sum,
    0,
  );
}
