// The two shapes of most text files here: `Key:  123 kB` (meminfo, status, smaps_rollup) and `key 123` (memory.stat,
// memory.events). Pure. https://man7.org/linux/man-pages/man5/proc.5.html

/** The number of a `Key:  123 kB` line; null without one. */
export function parseKib(text: string, key: string): number | null {
  const digits = new RegExp(`^${key}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1];
  return digits === undefined ? null : Number(digits);
}

/** Parses `key value` lines. */
export function parseFlatKeys(text: string): Map<string, number> {
  const values = new Map<string, number>();
  for (const line of text.split('\n')) {
    const [key, value] = line.split(' ');
    if (key && value !== undefined && Number.isFinite(Number(value))) values.set(key, Number(value));
  }
  return values;
}

/** The text behind `key `, whatever it is; null without such a line. */
export function findFlatValue(text: string, key: string): string | null {
  return new RegExp(`^${key} (.*)$`, 'm').exec(text)?.[1] ?? null;
}
