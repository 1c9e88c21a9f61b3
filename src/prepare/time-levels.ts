// The times a release can show, from exact to coarse: the precision asked for, a day, a week, the whole
// range. Each level is a multiple of the one before, so a bucket lies in one bucket of the next.

const DAY_MS = 86_400_000;
const WEEK_MS = 7 * DAY_MS;

/** A way to round times down. */
export interface TimeLevel {
  readonly precisionMs: number;
  /** Where buckets start. */
  readonly originMs: number;
}

/** The levels of a release of rows from `firstMs` to `lastMs`, both included. */
export function buildTimeLevels(precisionMs: number, firstMs: number, lastMs: number): TimeLevel[] {
  const dayMs = multipleOf(precisionMs, DAY_MS);
  const weekMs = multipleOf(dayMs, WEEK_MS);
  const originMs = Math.floor(firstMs / dayMs) * dayMs;
  const wholeMs = multipleOf(weekMs, lastMs - originMs + 1);
  const levels = [precisionMs, dayMs, weekMs].map((ms) => ({ precisionMs: ms, originMs: 0 }));
  const whole = { precisionMs: wholeMs, originMs };
  return [...levels, whole].filter(
    (level, i, all) => i === 0 || level.precisionMs > all[i - 1]!.precisionMs || level === whole,
  );
}

/** A time rounded down. */
export function floorTime(timeMs: number, { precisionMs, originMs }: TimeLevel): number {
  return Math.floor((timeMs - originMs) / precisionMs) * precisionMs + originMs;
}

function multipleOf(unit: number, atLeast: number): number {
  return Math.ceil(atLeast / unit) * unit;
}
