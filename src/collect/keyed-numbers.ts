// Parses the `Key: 123 kB` and `key 123` lines that most of /proc is made of. Pure.
// Formats: https://man7.org/linux/man-pages/man5/proc.5.html
import { parseColumn } from './column-range.ts';
import { parseError } from './errors.ts';
import type { Notes } from './part-notes.ts';

/** What is wanted of one file. */
export interface KeyedFile<C extends string> {
  /** Its name, for the error text. */
  readonly what: string;
  /** The wanted keys and the column each of them fills. */
  readonly columns: ReadonlyMap<string, C>;
  /** What stands behind each number. */
  readonly unit: 'kB' | null;
}

/** Every column of a file as null: what a failing collector reports. */
export function buildEmptyColumns<C extends string>(
  columns: ReadonlyMap<string, C>,
): Record<C, number | null> {
  return Object.fromEntries([...columns.values()].map((column) => [column, null])) as Record<C, null>;
}

/**
 * Parses the wanted lines of a file. Other lines are skipped, absent ones stay null. So do those without a number
 * their column can hold, without their unit or cut off by the end of the file, and those that two lines
 * contradict each other about; each of them is noted.
 */
export function parseKeyedNumbers<C extends string>(
  bytes: Uint8Array,
  { what, columns, unit }: KeyedFile<C>,
  notes: Notes,
): Record<C, number | null> {
  const text = toLatin1(bytes);
  const values = buildEmptyColumns(columns);
  const found = new Set<C>();
  for (let start = 0; start < text.length;) {
    const newline = text.indexOf('\n', start);
    const end = newline < 0 ? text.length : newline;
    const keyEnd = findKeyEnd(text, start, end);
    const column = columns.get(text.slice(start, keyEnd));
    if (column !== undefined) {
      // A number without a unit may go on behind the end of what was read.
      const isWhole = newline >= 0 || unit !== null;
      const parsed = isWhole ? parseValue(column, text.slice(keyEnd + 1, end), unit) : null;
      const isFirst = !found.has(column);
      if (parsed === null || (!isFirst && parsed !== values[column])) {
        notes.bad(column, text.slice(start, end));
        values[column] = null;
      } else if (isFirst) values[column] = parsed;
      found.add(column);
    }
    start = end + 1;
  }
  if (found.size === 0) notes.failed(parseError(what, text));
  return values;
}

/** One character a byte, so that no content can be malformed. */
export function toLatin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

function findKeyEnd(text: string, start: number, end: number): number {
  let at = start;
  while (at < end && text[at] !== ':' && text[at] !== ' ') at++;
  return at;
}

function parseValue(column: string, text: string, unit: 'kB' | null): number | null {
  if (unit === null) return parseColumn(column, text.trim());
  return text.endsWith(` ${unit}`) ? parseColumn(column, text.slice(0, -unit.length).trim()) : null;
}
