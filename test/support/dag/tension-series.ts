// Series of tension with what is true of them: when a crisis begins, if one does. Made from seeds.
import { createRandom } from '../random.ts';
import { createNormal } from './plans.ts';

/** A series, and the first step at which its level, without noise, is beyond the crisis; null when it never is. */
export interface TensionSeries {
  readonly kind: string;
  readonly values: Float64Array;
  readonly onset: number | null;
}

const LENGTH = 400;
/** What nobody wants to see crossed. */
export const CRISIS = 0.8;

type Level = (at: number) => number;
type Shape = (random: () => number) => Level;

const between = (random: () => number, low: number, high: number): number => low + (high - low) * random();

/** From a base to a peak, within some steps; then it stays. */
const ramp =
  (low: number, high: number): Shape =>
  (random) => {
    const [base, peak] = [between(random, 0.3, 0.5), between(random, low, high)];
    const [start, steps] = [between(random, 120, 220), between(random, 50, 150)];
    return (at) => base + (peak - base) * Math.max(0, Math.min(1, (at - start) / steps));
  };

/** Shapes of levels. The last three never become a crisis. */
const shapes: Readonly<Record<string, Shape>> = {
  ramp: ramp(0.9, 1.1),
  step: (random) => {
    const [base, peak, start] = [between(random, 0.3, 0.5), 0.95, between(random, 150, 250)];
    return (at) => (at < start ? base : peak);
  },
  calm: (random) => {
    const base = between(random, 0.3, 0.6);
    return () => base;
  },
  plateau: ramp(0.62, 0.7),
  wave: (random) => {
    const [base, phase] = [between(random, 0.4, 0.5), between(random, 0, 6)];
    return (at) => base + 0.15 * Math.sin(at / 25 + phase);
  },
};

/** One series of each kind; noise is autoregressive, and one value in a hundred is a spike. */
export function buildTensionSeries(seed: number): TensionSeries[] {
  const random = createRandom(seed);
  const normal = createNormal(random);
  return Object.entries(shapes).map(([kind, shape]) => {
    const level = shape(random);
    const [phi, deviation] = [between(random, 0, 0.7), between(random, 0.01, 0.05)];
    const values = new Float64Array(LENGTH);
    let noise = 0;
    let onset: number | null = null;
    for (let at = 0; at < LENGTH; at++) {
      noise = phi * noise + deviation * Math.sqrt(1 - phi ** 2) * normal();
      const spike = random() < 0.01 ? 0.4 : 0;
      values[at] = level(at) + noise + spike;
      if (level(at) > CRISIS) onset ??= at;
    }
    return { kind, values, onset };
  });
}
