// Times as users give them → milliseconds since the epoch. Dates without a zone are local, and an end
// date includes its day, as in the Python client.

/** A point in time: a Date, ISO 8601 text, or milliseconds since the epoch. */
export type TimeLike = Date | string | number;

const DAY = /^(\d{4})-(\d{2})-(\d{2})$/;
const INSTANT = /^(\d{4})-(\d{2})-(\d{2})[T ]\d{2}:\d{2}/;
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
  if (day) return dayEdge(day, edge);
  // Date.parse alone would also take "5".
  const instant = INSTANT.exec(text);
  return instant && isDay(instant) ? Date.parse(text) : Number.NaN;
}

type DayParts = readonly string[];

const numbersOf = ([, year, month, day]: DayParts): [number, number, number] => [
  Number(year),
  Number(month),
  Number(day),
];

/** Whether the calendar has it: Date, and Date.parse too, would roll 31 February over to March. */
function isDay(parts: DayParts): boolean {
  const [year, month, day] = numbersOf(parts);
  const found = new Date(Date.UTC(year, month - 1, day));
  return found.getUTCMonth() === month - 1 && found.getUTCDate() === day;
}

function dayEdge(parts: DayParts, edge: 'start' | 'end'): number {
  if (!isDay(parts)) return Number.NaN;
  const [year, month, day] = numbersOf(parts);
  return new Date(year, month - 1, edge === 'start' ? day : day + 1).getTime();
}
