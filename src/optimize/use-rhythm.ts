// Whether memory is used at regular times, so that it can be brought back before it is asked for.
// Everything is relative to the median gap: a rhythm learned at 14 s says nothing of one of 27 s.

/** A regular use. */
export interface Rhythm {
  readonly periodMs: number;
  /** When the next use is due. */
  readonly nextMs: number;
}

/** Onsets remembered of a region. */
export const KEPT_ONSETS = 6;
const MIN_GAPS = 3;
/** Median absolute deviation of the gaps, as a share of their median, up to which they are regular. */
const MAX_SPREAD = 0.15;

/** The rhythm of uses that began at these times, in time order; null when there are too few or they are irregular. */
export function findRhythm(onsetsMs: readonly number[]): Rhythm | null {
  const gaps = onsetsMs.slice(1).map((at, i) => at - onsetsMs[i]!);
  if (gaps.length < MIN_GAPS) return null;
  const periodMs = medianOf(gaps);
  const spread = medianOf(gaps.map((gap) => Math.abs(gap - periodMs)));
  if (periodMs <= 0 || spread >= MAX_SPREAD * periodMs) return null;
  return { periodMs, nextMs: onsetsMs.at(-1)! + periodMs };
}

/** The median; NaN of nothing. */
export function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
