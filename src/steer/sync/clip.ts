// What bounds how much one host can change: without a clip no noise promises anything.

/**
 * Shortens a vector to `clip` and cuts it to whole steps towards zero, so that its length in steps is at most `steps`
 * exactly, whatever floating-point arithmetic did before.
 * @param norm 1: the sum of absolute values, 2: the Euclidean length
 */
export function clipToSteps(values: Float64Array, clip: number, steps: number, norm: 1 | 2): Float64Array {
  const length = lengthOf(values, norm);
  let scale = length > clip ? steps / length : steps / clip;
  for (;;) {
    const whole = values.map((value) => Math.trunc(value * scale));
    const sizes = whole.reduce((sum, value) => sum + Math.abs(value) ** norm, 0);
    if (sizes <= steps ** norm) return whole;
    scale *= 1 - 1e-9;
  }
}

function lengthOf(values: Float64Array, norm: 1 | 2): number {
  if (norm === 2) return Math.hypot(...values);
  return values.reduce((sum, value) => sum + Math.abs(value), 0);
}
