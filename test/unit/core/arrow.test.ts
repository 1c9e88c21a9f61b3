import * as fc from 'fast-check';
import * as arrow from 'apache-arrow';
import { describe, expect, it } from 'vitest';
import {
  buildRecordBatch,
  memoryKind,
  optional,
  processKind,
  recordKinds,
  required,
  rowsOf,
  toArrowSchema,
  trainingKind,
} from '../../../src/core/index.ts';
import type { AnyRow, FieldType, RecordKind } from '../../../src/core/index.ts';

const values: Record<FieldType, fc.Arbitrary<AnyRow[string]>> = {
  timestamp: fc.integer({ min: -8.64e15, max: 8.64e15 }),
  int64: fc.maxSafeInteger(),
  uint64: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  int32: fc.integer(),
  int8: fc.integer({ min: -128, max: 127 }),
  float32: fc.float(),
  float64: fc.double(),
  bool: fc.boolean(),
  utf8: fc.string({ unit: 'grapheme' }),
};
const types = Object.keys(values) as FieldType[];

/** Every type twice: required, and nullable. */
const allTypesKind: RecordKind = {
  name: 'all_types',
  version: 7,
  fields: types.flatMap((type) => [
    required(type, type, 'unit', 'test'),
    optional(`${type}_or_null`, type, 'unit', 'test'),
  ]),
};

const anyRow: fc.Arbitrary<AnyRow> = fc.record(
  Object.fromEntries(
    types.flatMap((type) => [
      [type, values[type]],
      [`${type}_or_null`, fc.option(values[type], { nil: null })],
    ]),
  ),
);

describe('buildRecordBatch()', () => {
  it('gives back every value of every type, nulls included, through rowsOf()', () => {
    fc.assert(
      fc.property(fc.array(anyRow, { maxLength: 40 }), (rows) => {
        const batch = buildRecordBatch(allTypesKind, rows);
        expect(batch.numRows).toBe(rows.length);
        expect(rowsOf(allTypesKind, batch)).toEqual(rows);
      }),
    );
  });

  it('gives back every value after a trip through Arrow IPC', () => {
    fc.assert(
      fc.property(fc.array(anyRow, { minLength: 1, maxLength: 20 }), (rows) => {
        const batch = buildRecordBatch(allTypesKind, rows);
        const table = arrow.tableFromIPC(arrow.tableToIPC(new arrow.Table([batch]), 'stream'));
        expect(table.batches.flatMap((read) => rowsOf(allTypesKind, read))).toEqual(rows);
        expect(table.schema.metadata.get('ruvector.kind')).toBe('all_types');
      }),
      { numRuns: 40 },
    );
  });

  it('counts a missing key as null', () => {
    const kind: RecordKind = { name: 'k', version: 1, fields: [optional('a', 'int64', 'KiB', 's')] };
    const batch = buildRecordBatch(kind, [{ a: 1 }, {}, { a: 3 }]);
    expect(batch.getChild('a')?.nullCount).toBe(1);
    expect(rowsOf(kind, batch)).toEqual([{ a: 1 }, { a: null }, { a: 3 }]);
  });

  it('refuses a null in a required column and names it', () => {
    expect(() => buildRecordBatch(memoryKind, [{ timestamp: 1 }])).toThrow(
      /Cannot build column "mem_total_kib": 1 values are missing/,
    );
  });

  it('builds an empty batch with the whole schema', () => {
    const batch = buildRecordBatch(processKind, []);
    expect(batch.numRows).toBe(0);
    expect(batch.schema.fields.map((field) => field.name)).toContain('name');
  });
});

describe('rowsOf()', () => {
  it('gives null for a column that an older batch lacks', () => {
    const older: RecordKind = { name: 'k', version: 1, fields: [required('a', 'int32', '1', 's')] };
    const newer: RecordKind = { ...older, fields: [...older.fields, optional('b', 'int32', '1', 's')] };
    expect(rowsOf(newer, buildRecordBatch(older, [{ a: 1 }]))).toEqual([{ a: 1, b: null }]);
  });
});

describe('toArrowSchema()', () => {
  it('carries kind, version, units and nullability', () => {
    const schema = toArrowSchema(memoryKind);
    expect(schema.metadata.get('ruvector.kind')).toBe('memory');
    expect(schema.metadata.get('ruvector.version')).toBe('1');
    const total = schema.fields.find((field) => field.name === 'mem_total_kib');
    expect(total).toMatchObject({ nullable: false });
    expect(total?.metadata.get('unit')).toBe('KiB');
    expect(schema.fields.find((field) => field.name === 'pswpin')?.nullable).toBe(true);
  });

  it('is the same object each time, so that writers can compare schemas', () => {
    expect(toArrowSchema(memoryKind)).toBe(toArrowSchema(memoryKind));
  });
});

describe('recordKinds', () => {
  it('begin with a required timestamp and name each column once', () => {
    for (const kind of [...Object.values(recordKinds), trainingKind(['a', 'b'])]) {
      expect(kind.fields[0]).toMatchObject({ name: 'timestamp', type: 'timestamp', nullable: false });
      const names = kind.fields.map((field) => field.name);
      expect(new Set(names).size).toBe(names.length);
    }
  });

  it('trainingKind() puts the features between timestamp and label', () => {
    expect(trainingKind(['x', 'y']).fields.map((field) => field.name)).toEqual([
      'timestamp',
      'x',
      'y',
      'label',
      'split',
    ]);
  });
});
