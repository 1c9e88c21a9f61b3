// How wide discrete Gaussian noise has to be for a promise of (ε, δ): by zero-concentrated differential privacy, where
// noise of σ against a change of Δ gives ρ = Δ² / (2 σ²). Canonne, Kamath, Steinke 2020, theorem 4 and proposition 7.

/** The least δ for which ρ-zCDP gives (ε, δ): the minimum over the order α, which is unimodal, by golden section. */
export function deltaOf(rho: number, epsilon: number): number {
  const logDelta = (logOrder: number): number => {
    // α = 1 + e^x: what matters spans many powers of ten.
    const above = Math.exp(logOrder);
    const order = 1 + above;
    return above * (order * rho - epsilon) + order * Math.log1p(-1 / order) - Math.log(above);
  };
  const shrink = (Math.sqrt(5) - 1) / 2;
  let [low, high] = [-12, 16];
  for (let step = 0; step < 120; step++) {
    const width = (high - low) * shrink;
    if (logDelta(high - width) < logDelta(low + width)) high = low + width;
    else low = high - width;
  }
  return Math.min(1, Math.exp(logDelta((low + high) / 2)));
}

/** The largest ρ that keeps (ε, δ). */
function rhoFor(epsilon: number, delta: number): number {
  let [low, high] = [0, epsilon];
  for (let step = 0; step < 100; step++) {
    const middle = (low + high) / 2;
    if (deltaOf(middle, epsilon) <= delta) low = middle;
    else high = middle;
  }
  return low;
}

/** A host asks for one pair again and again; finding it takes milliseconds. */
let last = { epsilon: 0, delta: 0, multiplier: 0 };

/** σ for a change of 1: multiply it by what one host can change. */
export function gaussianMultiplier(epsilon: number, delta: number): number {
  if (last.epsilon !== epsilon || last.delta !== delta)
    last = { epsilon, delta, multiplier: 1 / Math.sqrt(2 * rhoFor(epsilon, delta)) };
  return last.multiplier;
}
