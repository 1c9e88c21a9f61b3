// Widths of the buckets that a range is drawn in: round ones, so that neighbouring ranges share what was computed. Pure.
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** From one that no host samples faster than, to a day. */
const steps = [
  20,
  50,
  100,
  200,
  500,
  ...[1, 2, 5, 10, 15, 30].map((n) => n * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE),
  ...[1, 2, 3, 6, 12].map((n) => n * HOUR),
  DAY,
];

/** What the whole history is summarised in; coarser steps are made of these buckets. */
export const SUMMARY_STEP_MS = MINUTE;

/**
 * The smallest round width in which a range has at most so many buckets, and that is not below the time between samples.
 * @param atLeastMs time between two samples
 */
export function stepOf(rangeMs: number, pixels: number, atLeastMs: number): number {
  const neededMs = Math.max(rangeMs / Math.max(1, pixels), atLeastMs);
  const step = steps.find((each) => each >= neededMs);
  return step ?? Math.ceil(neededMs / DAY) * DAY;
}

/** The multiple of the step at or before a time. */
export const floorTo = (ms: number, stepMs: number): number => Math.floor(ms / stepMs) * stepMs;
