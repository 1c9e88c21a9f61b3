// The bottleneck of a plan whose records visit every branch: no way round any operator, so that the slowest one decides
// (the bottleneck law of operational analysis). Operators of which each could be it alone are told one by one.
import type { PlanCut } from './plan-network.ts';

/** What the slowest of the operators and edges let through. */
export interface SlowestStage {
  readonly maxFlow: number;
  /** One cut for each of the slowest; several when they tie. */
  readonly cuts: readonly PlanCut[];
  /** The slowest operator, when it is the only one. */
  readonly sensitive: readonly number[];
}

/** Part by which rates that tie may differ from rounding. */
const TOLERANCE = 1e-12;

/**
 * @param capacities of the operators and then the edges, in rows of the sources
 * @returns null when nothing limits the flow
 */
export function findSlowestStage(capacities: Float64Array, operators: number): SlowestStage | null {
  const maxFlow = capacities.reduce((least, capacity) => Math.min(least, capacity), Infinity);
  if (maxFlow === Infinity) return null;
  const slowest: number[] = [];
  capacities.forEach((capacity, stage) => {
    if (capacity <= maxFlow * (1 + TOLERANCE)) slowest.push(stage);
  });
  const cuts = slowest.map((stage) => ({
    places: stage < operators ? [stage] : [],
    edges: stage < operators ? [] : [stage - operators],
    capacity: maxFlow,
  }));
  const sensitive = slowest.length === 1 && slowest[0]! < operators ? slowest : [];
  return { maxFlow, cuts, sensitive };
}
