// Bounds of what physics bounds: a share is 0 to 1 and a percentage 0 to 100, whatever counters and clocks say.

/** The value within [low, high]; NaN stays NaN. */
export function clip(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
