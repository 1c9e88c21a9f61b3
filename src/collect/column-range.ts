// What a column can hold at all, by its unit: no host has 2^42 KiB of memory (52 address bits), none counts
// below 0, and a row's whole numbers are exact up to 2^53 only. The last guard before a row leaves the room.
import { memoryKind, processKind } from '../core/index.ts';
import type { AnyRow, Field } from '../core/index.ts';
import { MAX_PID } from '../procfs/index.ts';
import type { NoteBad } from './part-notes.ts';

interface Range {
  readonly min: number;
  readonly max: number;
}

interface Column extends Range {
  /** False for a column without which there is no row. */
  readonly isNullable: boolean;
}

const counts: Range = { min: 0, max: Number.MAX_SAFE_INTEGER };
/** NR_CPUS at its largest. */
const MAX_CPUS = 8192;

const sizes: Range = { min: 0, max: 2 ** 42 };

const byUnit = new Map<string, Range>([
  ['KiB', sizes],
  // Other systems than Linux have a process 0, and larger ids.
  ['pid', { min: 0, max: 2 ** 31 - 1 }],
  ['processes', { min: 0, max: MAX_PID }],
  ['threads', { min: 0, max: MAX_PID }],
  ['percent of one core since the last sample', { min: 0, max: 100 * MAX_CPUS }],
]);

const byName = new Map<string, Range>([
  ['mem_total_kib', { ...sizes, min: 1 }],
  // Promised address space, not memory: it may exceed what is there by any factor.
  ['committed_as_kib', counts],
  // Parts of a process's private_kib, before they are added up.
  ...['private_clean_kib', 'private_dirty_kib', 'private_hugetlb_kib'].map((name) => [name, sizes] as const),
]);

const isNumber = ({ type }: Field): boolean => type !== 'utf8' && type !== 'bool';

const columns = new Map<string, Column>([
  ...[...byName].map(([name, range]) => [name, { ...range, isNullable: true }] as const),
  ...[...memoryKind.fields, ...processKind.fields].filter(isNumber).map(({ name, unit, nullable }) => {
    const range = byName.get(name) ?? byUnit.get(unit) ?? counts;
    return [name, { ...range, isNullable: nullable }] as const;
  }),
]);

/** The number a column of whole numbers can hold; anything else than decimal digits within its range is null. */
export function parseColumn(column: string, text: string): number | null {
  if (!/^\d{1,20}$/.test(text)) return null;
  const value = Number(text);
  return isInRange(column, value) ? value : null;
}

/** Every column holds these, which most values are: no need to look its own range up. */
const isEveryday = (value: number): boolean => value >= 1 && value <= 100 * MAX_CPUS;

/** True for a value the column can hold. Names that are no column hold counts. */
export function isInRange(column: string, value: number): boolean {
  if (isEveryday(value)) return true;
  const { min, max } = columns.get(column) ?? counts;
  return value >= min && value <= max;
}

/**
 * Sets what the columns of a row cannot hold to null.
 * @returns false when a column that every row needs is among them: there is no row then
 */
export function guardRow(row: object, noteBad: NoteBad): boolean {
  let isWhole = true;
  const values = row as AnyRow;
  for (const name in values) {
    const value = values[name];
    if (typeof value !== 'number' || isInRange(name, value)) continue;
    noteBad(name, String(value));
    values[name] = null;
    isWhole &&= columns.get(name)?.isNullable ?? true;
  }
  return isWhole;
}
