// How good alarms before a crisis are, on series of which it is known when it comes: precision (alarms that a crisis
// follows within the window looked ahead), recall (crises with an alarm before them) and lead time.
import { buildTensionSeries } from './tension-series.ts';
import type { TensionSeries } from './tension-series.ts';

/** True at each step at which the alarm sounds. */
export type Alarming = (values: Float64Array) => boolean[];

export interface AlarmQuality {
  readonly precision: number;
  readonly recall: number;
  /** Steps from the first right alarm to the crisis, the median. */
  readonly leadTime: number;
  readonly alarms: number;
}

/** Those below 1,000 are what the constants of the forecast were chosen on. */
const FIRST_SEED = 1000;
/** Steps at which nothing is judged yet. */
const WARM_UP = 20;
/** Silent steps between two alarms. */
const SILENCE = 5;

/** @param kinds of series; all of them when left out */
export function measureAlarms(
  alarming: Alarming,
  lookahead: number,
  seeds: number,
  kinds?: readonly string[],
): AlarmQuality {
  let [alarms, right, crises] = [0, 0, 0];
  const leads: number[] = [];
  for (let seed = 0; seed < seeds; seed++) {
    for (const series of buildTensionSeries(FIRST_SEED + seed)) {
      if (kinds && !kinds.includes(series.kind)) continue;
      const before = findAlarms(alarming(series.values), series);
      const rightOnes = before.filter((at) => series.onset !== null && series.onset - at <= lookahead);
      alarms += before.length;
      right += rightOnes.length;
      if (series.onset !== null) crises++;
      if (rightOnes.length > 0) leads.push(series.onset! - rightOnes[0]!);
    }
  }
  leads.sort((a, b) => a - b);
  return {
    precision: right / alarms,
    recall: leads.length / crises,
    leadTime: leads[leads.length >> 1] ?? 0,
    alarms,
  };
}

/** Steps before the crisis at which an alarm begins. */
function findAlarms(sounds: readonly boolean[], { onset }: TensionSeries): number[] {
  const found: number[] = [];
  let silent = SILENCE;
  sounds.slice(0, onset ?? undefined).forEach((isSounding, at) => {
    if (at < WARM_UP) return;
    if (isSounding && silent >= SILENCE) found.push(at);
    silent = isSounding ? 0 : silent + 1;
  });
  return found;
}
