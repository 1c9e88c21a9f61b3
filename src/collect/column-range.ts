// What a column can hold at all, by its unit: no host has 2^42 KiB of memory (52 address bits), none counts
// below 0, and a row's whole numbers are exact up to 2^53 only. The last guard before a row leaves the room.
import { memoryKind, processKind } from '../core/index.ts';
import type { AnyRow, Field, RecordKind } from '../core/index.ts';
import type { NoteBad } from './part-notes.ts';

interface Range {
  readonly min: number;
  readonly max: number;
}

const counts: Range = { min: 0, max: Number.MAX_SAFE_INTEGER };
/** PID_MAX_LIMIT of the kernel: also bounds processes and threads. */
const MAX_PID = 2 ** 22;
/** NR_CPUS at its largest. */
const MAX_CPUS = 8192;

const sizes: Range = { min: 0, max: 2 ** 42 };

const byUnit = new Map<string, Range>([
  ['KiB', sizes],
  ['pid', { min: 1, max: MAX_PID }],
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

const ranges = new Map(
  [...memoryKind.fields, ...processKind.fields]
    .filter(isNumber)
    .map((field): [string, Range] => [
      field.name,
      byName.get(field.name) ?? byUnit.get(field.unit) ?? counts,
    ]),
);

/** The number a column of whole numbers can hold; anything else than decimal digits within its range is null. */
export function parseColumn(column: string, text: string): number | null {
  return /^\d{1,20}$/.test(text) && isInRange(column, Number(text)) ? Number(text) : null;
}

/** True for a value the column can hold. Names that are no column hold counts. */
export function isInRange(column: string, value: number): boolean {
  const { min, max } = ranges.get(column) ?? byName.get(column) ?? counts;
  return value >= min && value <= max;
}

/**
 * Sets what a row's columns cannot hold to null.
 * @returns false when a column that every row needs is among them: there is no row then
 */
export function guardRow<R extends object>(kind: RecordKind, row: R, noteBad: NoteBad): boolean {
  let isWhole = true;
  const values = row as AnyRow;
  for (const field of kind.fields) {
    const value = values[field.name];
    if (typeof value !== 'number' || isInRange(field.name, value)) continue;
    noteBad(field.name, String(value));
    values[field.name] = null;
    if (!field.nullable) isWhole = false;
  }
  return isWhole;
}
