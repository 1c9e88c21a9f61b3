// Rows for storage tests: plain numbered ones and arbitrary ones for every field type.
import * as fc from 'fast-check';
import type { AnyRow, FieldType, MemorySnapshot, RecordKind } from '../../../src/core/index.ts';
import { memoryKind, optional, required } from '../../../src/core/index.ts';

/** A memory snapshot whose timestamp and total both say which one it is. */
export function numberedSnapshot(number: number): MemorySnapshot {
  const row: AnyRow = {};
  for (const field of memoryKind.fields) row[field.name] = field.nullable ? null : 0;
  row['timestamp'] = number;
  row['mem_total_kib'] = number;
  row['mem_available_kib'] = number % 1000;
  return row as MemorySnapshot;
}

/** The numbers `from` to `to - 1` as snapshots. */
export function numberedSnapshots(from: number, to: number): MemorySnapshot[] {
  return Array.from({ length: to - from }, (_, i) => numberedSnapshot(from + i));
}

/** A kind that has every field type, required and nullable. */
export const everyTypeKind: RecordKind = {
  name: 'every_type',
  version: 1,
  fields: [
    required('timestamp', 'timestamp', 'ms since epoch', 'test'),
    ...(['int64', 'uint64', 'int32', 'int8', 'float32', 'float64', 'bool', 'utf8'] as const).flatMap(
      (type) => [
        required(`${type}_required`, type, 'unit', 'test'),
        optional(`${type}_optional`, type, 'unit', 'test'),
      ],
    ),
  ],
};

const arbitraryValues: Record<FieldType, fc.Arbitrary<AnyRow[string]>> = {
  timestamp: fc.integer({ min: 0, max: 4_000_000_000_000 }),
  int64: fc.oneof(fc.maxSafeInteger(), fc.integer({ min: -3, max: 3 })),
  uint64: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  int32: fc.integer(),
  int8: fc.integer({ min: -128, max: 127 }),
  float32: fc.float(),
  float64: fc.double(),
  bool: fc.boolean(),
  utf8: fc.string({ unit: 'grapheme', maxLength: 12 }),
};

/** Arbitrary rows of a kind in time order, nulls wherever the kind allows them. */
export function arbitraryRows(kind: RecordKind, maxLength: number): fc.Arbitrary<AnyRow[]> {
  const fields = kind.fields.map((field): [string, fc.Arbitrary<AnyRow[string]>] => {
    const value = arbitraryValues[field.type];
    return [field.name, field.nullable ? fc.option(value, { nil: null }) : value];
  });
  return fc
    .array(fc.record(Object.fromEntries(fields)), { maxLength })
    .map((rows) => rows.sort((a, b) => Number(a['timestamp']) - Number(b['timestamp'])));
}
