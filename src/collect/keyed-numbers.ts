// Parses the `Key: 123 kB` and `key 123` lines that most of /proc is made of. Pure.
// Formats: https://man7.org/linux/man-pages/man5/proc.5.html
import { parseError } from './errors.ts';

/** The wanted keys of one file and the column each of them fills. */
export type KeyedColumns<C extends string> = ReadonlyMap<string, C>;

/** Every column of a file as null: what a failing collector reports. */
export function buildEmptyColumns<C extends string>(columns: KeyedColumns<C>): Record<C, number | null> {
  return Object.fromEntries([...columns.values()].map((column) => [column, null])) as Record<C, null>;
}

/**
 * Parses the wanted lines of a file; other lines are skipped and absent ones stay null.
 * @param what name of the file for the error text
 * @throws RuvectorError `ERR_COLLECT_PARSE` when no wanted line is found or a wanted value is not a number
 */
export function parseKeyedNumbers<C extends string>(
  bytes: Uint8Array,
  columns: KeyedColumns<C>,
  what: string,
): Record<C, number | null> {
  const text = toLatin1(bytes);
  const values = buildEmptyColumns(columns);
  let found = 0;
  for (let start = 0; start < text.length;) {
    const newline = text.indexOf('\n', start);
    const end = newline < 0 ? text.length : newline;
    const keyEnd = findKeyEnd(text, start, end);
    const column = columns.get(text.slice(start, keyEnd));
    if (column !== undefined) {
      values[column] = parseNumberAt(text, keyEnd, end, what);
      found++;
    }
    start = end + 1;
  }
  if (found === 0) throw parseError(what, text);
  return values;
}

/** One character a byte, so that no content can be malformed. */
export function toLatin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

/**
 * Parses decimal digits as a safe integer.
 * @returns null when there are none, something else is among them, or the value exceeds 2^53 - 1
 */
export function parseDigits(text: string): number | null {
  if (!/^\d+$/.test(text)) return null;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : null;
}

function findKeyEnd(text: string, start: number, end: number): number {
  let at = start;
  while (at < end && text[at] !== ':' && text[at] !== ' ') at++;
  return at;
}

function parseNumberAt(text: string, keyEnd: number, end: number, what: string): number {
  const value = text
    .slice(keyEnd + 1, end)
    .replace(/ kB$/, '')
    .trim();
  const parsed = parseDigits(value);
  if (parsed === null) throw parseError(`${what} value`, text.slice(0, end).split('\n').at(-1) ?? value);
  return parsed;
}
