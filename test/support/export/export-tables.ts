// Tables that try every column type with the values that formats stumble over, and what they hold in a
// form that other languages can compare: integers as text, floats as their bits.
import type * as arrow from 'apache-arrow';
import { buildRecordBatch, optional, required, toArrowSchema } from '../../../src/core/index.ts';
import type { AnyRow, FieldType, RecordKind } from '../../../src/core/index.ts';
import { buildBatchTable } from '../../../src/export/batch-table.ts';
import type { BatchTableParts } from '../../../src/export/batch-table.ts';
import type { ExportedTable } from '../../../src/export/file-contract.ts';
import { createRandom } from '../random.ts';

const types: readonly FieldType[] = [
  'int64',
  'uint64',
  'int32',
  'int8',
  'float32',
  'float64',
  'bool',
  'utf8',
  'timestamp',
];

/** Every type, required and optional, after the required time that each table begins with. */
export const allTypesKind: RecordKind = {
  name: 'all',
  version: 1,
  fields: [
    required('timestamp', 'timestamp', 'ms since epoch', 'test'),
    ...types.map((type) => required(`${type}_set`, type, 'x', 'test')),
    ...types.map((type) => optional(`${type}_opt`, type, 'x', 'test')),
  ],
};

/** Values that readers and writers get wrong. int64 rows are safe integers; {@link withInt64} adds the rest. */
const hostile: Readonly<Record<FieldType, readonly NonNullable<AnyRow[string]>[]>> = {
  timestamp: [0, -1, -62_135_596_800_000, 253_402_300_799_999, 1_763_700_000_123, 1_582_934_399_999],
  int64: [0, -1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER],
  uint64: [0n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n],
  int32: [0, -1, 2 ** 31 - 1, -(2 ** 31)],
  int8: [0, -1, 127, -128],
  float32: [0, -0, 1.401298464324817e-45, 3.4028234663852886e38, 0.1, Number.NaN, Infinity, -Infinity],
  float64: [0, -0, 5e-324, 1.7976931348623157e308, 0.1, 2 ** 53 + 2, Number.NaN, Infinity, -Infinity],
  bool: [true, false],
  utf8: [
    '',
    ' ',
    'a,b',
    '"',
    'he said "no"',
    'two\nlines',
    'two\r\nlines',
    '\ttab',
    "'",
    '\\',
    '\\n',
    'null',
    'NaN',
    'NA',
    '-',
    '#',
    'äöü ß',
    '日本語',
    '👩‍👩‍👧',
    '\u{10ffff}',
    '\u2028',
    '\ufeffx',
    '0123',
    '1e5',
    'true',
    'x'.repeat(3000),
  ],
};

/** Rows of a table that holds each hostile value, and nulls in the optional columns. */
export function buildHostileRows(count: number, random: () => number): AnyRow[] {
  return Array.from({ length: count }, (_, i) =>
    Object.fromEntries(
      allTypesKind.fields.map(({ name, type, nullable }) => {
        const values = hostile[type];
        const at = i < values.length ? i : Math.floor(random() * values.length);
        return [name, nullable && random() < 0.3 ? null : values[at]!];
      }),
    ),
  );
}

/** Batches that are slices of bigger ones, at places that no bitmap likes. */
export function buildSlicedBatches(rows: readonly AnyRow[], pieces: readonly number[]): arrow.RecordBatch[] {
  const whole = widen(buildRecordBatch(allTypesKind, rows));
  const batches: arrow.RecordBatch[] = [];
  for (let at = 0, i = 0; at < rows.length; i++) {
    const end = Math.min(rows.length, at + pieces[i % pieces.length]!);
    batches.push(whole.slice(at, end));
    at = end;
  }
  return batches;
}

/** Puts int64 values where a row's number cannot hold them. */
function widen(batch: arrow.RecordBatch): arrow.RecordBatch {
  const extremes = [2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n + 1n, -(2n ** 53n) - 1n];
  for (const name of ['int64_set', 'int64_opt']) {
    const column = batch.getChild(name)!.data[0]!;
    const values = column.values as BigInt64Array;
    for (let i = 0; i < values.length; i += 3) values[i] = extremes[i % extremes.length]!;
  }
  return batch;
}

/** A table over batches. */
export function tableOf(name: string, batches: readonly arrow.RecordBatch[]): ExportedTable {
  return buildBatchTable({
    name,
    schema: toArrowSchema(allTypesKind),
    rowEstimate: batches.reduce((sum, batch) => sum + batch.numRows, 0),
    open: async function* () {
      yield* batches;
    },
  });
}

/** Columns as text that any language can make of its own values; null is null. */
export type TruthColumn = readonly (string | null)[];

/** What the batches hold. */
export function describeBatches(batches: readonly arrow.RecordBatch[]): Record<string, TruthColumn> {
  return Object.fromEntries(
    allTypesKind.fields.map(({ name, type }) => [
      name,
      batches.flatMap((batch) =>
        Array.from(batch.getChild(name)!, (value) => (value === null ? null : describe(type, value))),
      ),
    ]),
  );
}

function describe(type: FieldType, value: unknown): string {
  // Arrow's JavaScript takes a byte order mark from the beginning of a text.
  if (value === 'x') return '\ufeffx';
  if (type !== 'float32' && type !== 'float64') return String(value);
  if (Number.isNaN(value)) return 'nan';
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value as number);
  return bytes.toString('hex');
}

const ROUND_ROWS = 1000;

/** Hostile rows again and again: `rows` of them, in batches of a thousand. */
export function buildEndlessTable(rows: number, name = 'all'): ExportedTable {
  return buildBatchTable(endlessBatches(rows, name));
}

/** The same as what the table is made of. */
export function endlessBatches(rows: number, name = 'all'): BatchTableParts {
  const [round] = buildSlicedBatches(buildHostileRows(ROUND_ROWS, createRandom(7)), [ROUND_ROWS]);
  return {
    name,
    schema: toArrowSchema(allTypesKind),
    rowEstimate: rows,
    open: async function* (signal) {
      for (let row = 0; row < rows;) {
        signal.throwIfAborted();
        const from = row % ROUND_ROWS;
        const batch = round!.slice(from, Math.min(ROUND_ROWS, from + rows - row));
        row += batch.numRows;
        yield batch;
      }
    },
  };
}
