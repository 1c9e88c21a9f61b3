import * as arrow from 'apache-arrow';
import * as fc from 'fast-check';
import pl from 'nodejs-polars';
import { expect, it } from 'vitest';
import { buildAdrView, buildRecordBatch, recordKinds, rowsOf } from '../../../src/core/index.ts';
import type { AnyRow, Field } from '../../../src/core/index.ts';
import { buildToDocument } from '../../../src/export/document-frame.ts';

const wholes = [0, 1, -1, 1023, 1024, 2 ** 31, 2 ** 53 - 1, -(2 ** 53) + 1];
/** The first and the last a Date can hold, which is how Polars hands times over. */
const times = [0, 1, -1, 1_763_700_000_123, 8.64e15, -8.64e15];
const fractions = [0, -0, 0.1, Math.fround(0.1), 99.9, Number.NaN, Infinity, -Infinity, 1e-45, 3e38];

function valuesOf({ type }: Field): readonly AnyRow[string][] {
  if (type === 'timestamp') return times;
  if (type === 'utf8') return ['', 'a', 'é"\n'];
  if (type === 'bool') return [true, false];
  if (type === 'uint64') return [0n, 2n ** 64n - 1n];
  if (type === 'float32') return fractions.map(Math.fround);
  if (type === 'float64') return fractions;
  return type === 'int32' || type === 'int8' ? [0, 1, -1] : wholes;
}

const rowOf = (fields: readonly Field[]) =>
  fc.record(
    Object.fromEntries(
      fields.map((field) => [
        field.name,
        fc.constantFrom(...valuesOf(field), ...(field.nullable ? [null] : [])),
      ]),
    ),
  );

it.each(['memory', 'process', 'optimization'] as const)(
  'buildToDocument() gives plans of %s what toBatch() gives batches, bit by bit',
  async (table) => {
    const view = buildAdrView(table, recordKinds[table]!);
    const toDocument = await buildToDocument(view.columns);
    const rows = fc.array(rowOf(view.native.fields), { minLength: 200, maxLength: 300 });
    await fc.assert(
      fc.asyncProperty(rows, async (given) => {
        const batch = buildRecordBatch(view.native, given);
        const ipc = Buffer.from(arrow.tableToIPC(new arrow.Table(batch), 'file'));
        const frame = await toDocument(pl.readIPC(ipc).lazy()).collect();
        const expected = rowsOf(view.kind, view.toBatch(batch));
        expect(frame.columns).toEqual(view.kind.fields.map(({ name }) => name));
        for (const { name, type } of view.kind.fields) {
          const column = frame.getColumn(name).toArray() as (AnyRow[string] | Date)[];
          const wanted = expected.map((row) => row[name]);
          expect(
            column.map((value) => toComparable(type, value)),
            name,
          ).toEqual(wanted.map((value) => toComparable(type, value)));
        }
      }),
      { numRuns: 2, endOnFailure: true },
    );
  },
  30_000,
);

/** Readers give whole numbers and times in different types. */
function toComparable(type: Field['type'], value: AnyRow[string] | Date | undefined): unknown {
  if (value === null || value === undefined) return null;
  if (type === 'utf8' || type === 'bool') return value;
  if (type === 'float32' || type === 'float64') return Object.is(value, -0) ? '-0' : value;
  return value instanceof Date ? String(value.getTime()) : String(value);
}
