// Checks a row when it is appended, so that one bad row cannot spoil the frame of a later flush, and
// copies it into the shape it will be read back in.
import type { AnyRow, Field, FieldType, RecordKind } from '../core/index.ts';
import { invalidRowError } from './errors.ts';

type Value = AnyRow[string];

const INT32_MAX = 2 ** 31 - 1;

type Fit = (value: Value) => Value | undefined;

/** Brings a value to what the column stores, or undefined when it does not fit. */
const fits: Record<FieldType, Fit> = {
  timestamp: safeInteger,
  int64: safeInteger,
  uint64: (value) => (typeof value === 'bigint' && BigInt.asUintN(64, value) === value ? value : undefined),
  int32: (value) => integerBetween(value, -INT32_MAX - 1, INT32_MAX),
  int8: (value) => integerBetween(value, -128, 127),
  float32: (value) => (typeof value === 'number' ? value : undefined),
  float64: (value) => (typeof value === 'number' ? value : undefined),
  bool: (value) => (typeof value === 'boolean' ? value : undefined),
  utf8: (value) => (typeof value === 'string' ? value : undefined),
};

/**
 * Copies a row with every field of the kind; missing keys become null, fractions of integer fields
 * are rounded.
 * @throws RuvectorError `ERR_STORE_INVALID_ROW` naming the first field that does not fit
 */
export function normalizeRow(kind: RecordKind, row: AnyRow): AnyRow {
  // Cloning a whole row is ten times faster than building it key by key, and few rows need a change.
  const copy: AnyRow = { ...row };
  for (const field of kind.fields) {
    const value = row[field.name];
    if (typeof value === 'number' && field.type === 'int64' && Number.isSafeInteger(value)) continue;
    if (value === null && field.nullable) continue;
    copy[field.name] = checkedValue(kind, field, value ?? null);
  }
  return copy;
}

function checkedValue(kind: RecordKind, field: Field, value: Value): Value {
  if (value === null && field.nullable) return null;
  const stored = value === null ? undefined : fits[field.type](value);
  if (stored === undefined) throw invalidRowError(kind, field, value);
  return stored;
}

function safeInteger(value: Value): number | undefined {
  return integerBetween(value, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
}

function integerBetween(value: Value, low: number, high: number): number | undefined {
  if (typeof value !== 'number') return undefined;
  const rounded = Math.round(value);
  return rounded >= low && rounded <= high ? rounded : undefined;
}
