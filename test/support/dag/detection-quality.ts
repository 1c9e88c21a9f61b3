// How good detectors are, on series of known truth made from seeds: values between false alarms (ARL0), values until a
// shift is seen, and the area under the curve of hits over false alarms (AUC) for injected anomalies.
import { createRandom } from '../random.ts';
import { createNormal } from './plans.ts';

/** Takes a value in, true for an alarm. */
export type Alarm = (value: number) => boolean;
/** Takes a value in, gives how anomalous it is. */
export type Score = (value: number) => number;
/** Makes values from normal ones. */
export type Distribution = (normal: number) => number;

export const distributions = {
  normal: (normal) => normal,
  lognormal: (normal) => Math.exp(0.5 * normal),
} as const satisfies Readonly<Record<string, Distribution>>;

/** Mean number of values between alarms where nothing is wrong. */
export function measureArl0(create: () => Alarm, distribution: Distribution, values = 200_000): number {
  const normal = createNormal(createRandom(1));
  const alarm = create();
  let alarms = 0;
  for (let at = 0; at < values; at++) if (alarm(distribution(normal()))) alarms++;
  return values / Math.max(1, alarms);
}

/** Median number of values until an alarm, after all of them shifted by some standard deviations. */
export function measureDelay(create: () => Alarm, shift: number, runs = 400): number {
  const delays = Array.from({ length: runs }, (_, seed) => {
    const normal = createNormal(createRandom(seed));
    const alarm = create();
    for (let at = 0; at < 250; at++) alarm(normal());
    for (let delay = 1; delay <= 500; delay++) if (alarm(normal() + shift)) return delay;
    return 500;
  });
  return delays.sort((a, b) => a - b)[runs >> 1]!;
}

/** AUC of a score for anomalies of some standard deviations, one in a hundred values. */
export function measureAuc(create: () => Score, distribution: Distribution, shift = 4): number {
  const random = createRandom(2);
  const normal = createNormal(random);
  const score = create();
  const scored: { score: number; isAnomaly: boolean }[] = [];
  for (let at = 0; at < 20_000; at++) {
    const isAnomaly = random() < 0.01;
    const value = distribution(normal() + (isAnomaly ? shift : 0));
    const given = score(value);
    if (!Number.isNaN(given)) scored.push({ score: Math.abs(given), isAnomaly });
  }
  scored.sort((a, b) => a.score - b.score);
  let [normals, sum, anomalies] = [0, 0, 0];
  for (const { isAnomaly } of scored) {
    if (!isAnomaly) normals++;
    else [sum, anomalies] = [sum + normals, anomalies + 1];
  }
  return sum / (anomalies * normals);
}
