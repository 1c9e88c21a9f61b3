// Times as users give them → milliseconds since the epoch. Dates without a zone are local, and an end
// date includes its day, as in the Python client.

/** A point in time: a Date, ISO 8601 text, or milliseconds since the epoch. */
export type TimeLike = Date | string | number;

const DAY = /^(\d{4})-(\d{2})-(\d{2})$/;
const INSTANT = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}/;
const AGO = /^-(\d+(?:\.\d+)?)(ms|s|m|h|d|w)$/;
const unitMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** True for text that counts back from now, and for `now`. */
export function isRelative(value: TimeLike | undefined): value is string {
  return typeof value === 'string' && /^(?:-|now)/.test(value.trim());
}

/**
 * Milliseconds since the epoch, NaN for anything that is no time.
 * @param edge what a bare date means: its first instant, or the first instant after it
 * @param nowMs what relative text (`-2h`, `-30m`, `now`) counts from
 */
export function parseTime(value: TimeLike, edge: 'start' | 'end', nowMs: number): number {
  if (typeof value === 'number') return value;
  if (value instanceof Date) return value.getTime();
  const text = value.trim();
  if (text === 'now') return nowMs;
  const ago = AGO.exec(text);
  if (ago) return nowMs - Number(ago[1]) * unitMs[ago[2]!]!;
  const day = DAY.exec(text);
  if (day) return dayEdge(Number(day[1]), Number(day[2]), Number(day[3]), edge);
  // Date.parse alone would also take "5".
  return INSTANT.test(text) ? Date.parse(text) : Number.NaN;
}

function dayEdge(year: number, month: number, day: number, edge: 'start' | 'end'): number {
  const start = new Date(year, month - 1, day);
  // The Date constructor would roll 31 February over to March.
  if (start.getMonth() !== month - 1 || start.getDate() !== day) return Number.NaN;
  return edge === 'start' ? start.getTime() : new Date(year, month - 1, day + 1).getTime();
}
