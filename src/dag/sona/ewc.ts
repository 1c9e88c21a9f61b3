// Elastic weight consolidation (Kirkpatrick et al. 2017), online (Schwarz et al. 2018): parameters that earlier plans rest
// on are held near where those left them. How much rests on one is its Fisher information: for a prediction with Gaussian
// errors of unit variance, the mean square of its derivative.

/** What is held, and what was seen since. All arrays have one value a parameter. */
export interface Consolidation {
  /** Where parameters were at the last consolidation. */
  readonly anchor: Float64Array;
  /** Fisher information of everything before, older plans less and less. */
  readonly fisher: Float64Array;
  /** Sum of squared derivatives since. */
  readonly recent: Float64Array;
  /** Observations in `recent`. */
  readonly recentCount: number;
}

/** Holds nothing yet. */
export function startConsolidation(parameters: number): Consolidation {
  const zero = (): Float64Array => new Float64Array(parameters);
  return { anchor: zero(), fisher: zero(), recent: zero(), recentCount: 0 };
}

/**
 * Holds parameters where they are now, by what was seen since the last time: F ← γF + mean of squared derivatives.
 * @param decay γ, 0–1: 1 forgets no plan, 0 all but the last
 */
export function consolidate(held: Consolidation, parameters: Float64Array, decay: number): Consolidation {
  const { fisher, recent, recentCount } = held;
  if (recentCount === 0) return held;
  return {
    anchor: parameters.slice(),
    fisher: fisher.map((old, i) => decay * old + recent[i]! / recentCount),
    recent: new Float64Array(parameters.length),
    recentCount: 0,
  };
}
