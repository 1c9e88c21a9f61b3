// pyarrow decides: the record batches of core, read from an Arrow IPC stream.
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as arrow from 'apache-arrow';
import { describe, expect, it } from 'vitest';
import { buildRecordBatch, optional, recordKinds, required } from '../../../src/core/index.ts';
import type { AnyRow, FieldType, RecordKind } from '../../../src/core/index.ts';
import { python } from '../../support/python.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../../..');

interface Description {
  rows: number;
  metadata: Record<string, string>;
  fields: { name: string; type: string; nullable: boolean; unit: string }[];
  columns: Record<string, (string | boolean | null)[]>;
}

const pyarrowTypes: Record<FieldType, string> = {
  timestamp: 'timestamp[ms, tz=UTC]',
  int64: 'int64',
  uint64: 'uint64',
  int32: 'int32',
  int8: 'int8',
  float32: 'float',
  float64: 'double',
  bool: 'bool',
  utf8: 'string',
};

// The first and the last value each type can hold, and one in between.
const samples: Record<FieldType, [AnyRow[string], string | boolean][]> = {
  timestamp: [
    [1_704_067_200_123, '1704067200123'],
    [-1, '-1'],
    [0, '0'],
  ],
  int64: [
    [Number.MAX_SAFE_INTEGER, '9007199254740991'],
    [Number.MIN_SAFE_INTEGER, '-9007199254740991'],
    [7, '7'],
  ],
  uint64: [
    [2n ** 64n - 1n, '18446744073709551615'],
    [0n, '0'],
    [2n ** 63n, '9223372036854775808'],
  ],
  int32: [
    [2 ** 31 - 1, '2147483647'],
    [-(2 ** 31), '-2147483648'],
    [0, '0'],
  ],
  int8: [
    [127, '127'],
    [-128, '-128'],
    [3, '3'],
  ],
  float32: [
    [0.5, '0x1.0000000000000p-1'],
    [-Infinity, '-inf'],
    [Number.NaN, 'nan'],
  ],
  float64: [
    [0.1, '0x1.999999999999ap-4'],
    [Number.MIN_VALUE, '0x0.0000000000001p-1022'],
    [Number.NaN, 'nan'],
  ],
  bool: [
    [true, true],
    [false, false],
    [true, true],
  ],
  utf8: [
    ['redis', 'redis'],
    ['', ''],
    ['日本 🐘', '日本 🐘'],
  ],
};

async function describeInPython(batches: readonly arrow.RecordBatch[]): Promise<Description> {
  const folder = await mkdtemp(join(tmpdir(), 'ruvector-core-'));
  try {
    const file = join(folder, 'batches.arrows');
    await writeFile(file, arrow.tableToIPC(new arrow.Table([...batches]), 'stream'));
    const script = join(root, 'test/support/core/describe-arrow.py');
    const { stdout } = await run(python, [script, file]);
    return JSON.parse(stdout) as Description;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

describe('buildRecordBatch() read by pyarrow', () => {
  it('has the same types, units, nullability and values for every field type', async () => {
    const types = Object.keys(samples) as FieldType[];
    const kind: RecordKind = {
      name: 'all_types',
      version: 3,
      fields: types.flatMap((type) => [
        required(type, type, `unit of ${type}`, 'test'),
        optional(`${type}_or_null`, type, 'unit', 'test'),
      ]),
    };
    const row = (i: number): AnyRow =>
      Object.fromEntries(
        types.flatMap((type) => [
          [type, samples[type][i]![0]],
          [`${type}_or_null`, i === 1 ? null : samples[type][i]![0]],
        ]),
      );
    const seen = await describeInPython([
      buildRecordBatch(kind, [row(0), row(1)]),
      buildRecordBatch(kind, [row(2)]),
    ]);
    expect(seen.rows).toBe(3);
    expect(seen.metadata).toEqual({ 'ruvector.kind': 'all_types', 'ruvector.version': '3' });
    for (const type of types) {
      const field = seen.fields.find(({ name }) => name === type);
      expect(field).toEqual({
        name: type,
        type: pyarrowTypes[type],
        nullable: false,
        unit: `unit of ${type}`,
      });
      const wanted = samples[type].map(([, value]) => value);
      expect(seen.columns[type]).toEqual(wanted);
      expect(seen.columns[`${type}_or_null`]).toEqual([wanted[0], null, wanted[2]]);
    }
  });

  it('has the columns of every record kind, with nulls for what a host lacks', async () => {
    const smallest: Record<FieldType, AnyRow[string]> = {
      timestamp: 1,
      int64: 1,
      uint64: 1n,
      int32: 1,
      int8: 1,
      float32: 1,
      float64: 1,
      bool: true,
      utf8: 'a',
    };
    for (const kind of Object.values(recordKinds)) {
      const needed = kind.fields.filter((field) => !field.nullable);
      const row = Object.fromEntries(needed.map((field) => [field.name, smallest[field.type]]));
      const seen = await describeInPython([buildRecordBatch(kind, [row])]);
      expect(seen.fields).toEqual(
        kind.fields.map(({ name, type, nullable, unit }) => ({
          name,
          type: pyarrowTypes[type],
          nullable,
          unit,
        })),
      );
      for (const { name, nullable } of kind.fields) {
        expect(seen.columns[name]![0] === null, name).toBe(nullable);
      }
    }
  });
});
