// Columns of every type that batches can have, with missing values where a type may lack them.
import * as arrow from 'apache-arrow';
import type { Batch } from '../../../src/pipeline/index.ts';

const field = (name: string, type: arrow.DataType, isNullable = true): arrow.Field =>
  new arrow.Field(name, type, isNullable);
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const list = (type: arrow.DataType): arrow.List => new arrow.List(field('item', type));
const entries = new arrow.Struct([field('key', new arrow.Utf8(), false), field('value', new arrow.Int32())]);

const long = 'a text that is too long to lie within a view';

/** Each with five values. */
const columns: Readonly<Record<string, readonly [arrow.DataType, readonly unknown[]]>> = {
  int8: [new arrow.Int8(), [1, null, -128, 127, 0]],
  uint16: [new arrow.Uint16(), [1, null, 65_535, 3, 0]],
  int64: [new arrow.Int64(), [1n, null, -(2n ** 63n), 2n ** 63n - 1n, 0n]],
  uint64: [new arrow.Uint64(), [1n, null, 2n ** 64n - 1n, 3n, 0n]],
  float32: [new arrow.Float32(), [0.5, null, Infinity, Number.NaN, -0]],
  float64: [new arrow.Float64(), [0.1, null, -Infinity, Number.NaN, 1e308]],
  flag: [new arrow.Bool(), [true, null, false, true, true]],
  date: [new arrow.DateDay(), [new Date(0), null, new Date(86_400_000), new Date(0), new Date(0)]],
  moment: [new arrow.TimestampMillisecond('UTC'), [1, null, 1.7e12, 0, -1]],
  span: [new arrow.DurationMillisecond(), [1n, null, 3n, 0n, -5n]],
  time: [new arrow.TimeMillisecond(), [1, null, 86_399_999, 0, 2]],
  text: [new arrow.Utf8(), ['a', null, '', 'ö€𝄞', long]],
  largeText: [new arrow.LargeUtf8(), ['a', null, '', 'ö', long]],
  binary: [new arrow.Binary(), [bytes(1, 2), null, bytes(), bytes(0, 255), bytes(7)]],
  fixedBinary: [new arrow.FixedSizeBinary(2), [bytes(1, 2), null, bytes(3, 4), bytes(5, 6), bytes(0, 0)]],
  list: [list(new arrow.Int32()), [[1, 2], null, [], [null, 3], [4]]],
  listOfText: [list(new arrow.Utf8()), [['a', long], null, [], [null], ['b']]],
  listOfLists: [list(list(new arrow.Float64())), [[[1], []], null, [], [null, [2, 3]], [[4]]]],
  struct: [
    new arrow.Struct([field('a', new arrow.Int32()), field('b', new arrow.Utf8())]),
    [{ a: 1, b: 'x' }, null, { a: null, b: long }, { a: 4, b: null }, { a: 5, b: '' }],
  ],
  map: [
    new arrow.Map_(field('entries', entries, false) as never),
    [
      new Map([['a', 1]]),
      null,
      new Map(),
      new Map([
        ['b', null],
        ['c', 3],
      ]),
      new Map([[long, 9]]),
    ],
  ],
  embedding: [
    new arrow.FixedSizeList(2, field('item', new arrow.Float32())),
    [[1, 2], null, [3, 4], [5, 6], [7, 8]],
  ],
};

/** One batch of `times` times those rows. */
export function buildEveryType(times = 1): Batch {
  const fields = Object.entries(columns).map(([name, [type]]) => field(name, type));
  const schema = new arrow.Schema(fields, new Map([['made by', 'a test']]));
  const children = Object.values(columns).map(([type, values]) => {
    const all = Array.from({ length: times }, () => values).flat();
    return arrow.vectorFromArray(all, type).data[0]!;
  });
  const type = new arrow.Struct(fields);
  return new arrow.RecordBatch(schema, arrow.makeData({ type, length: 5 * times, nullCount: 0, children }));
}

/** Rows as text that tells values apart, also NaN, minus zero and bytes. */
export const describeRows = (batch: arrow.RecordBatch | arrow.Table): string[] =>
  [...batch].map((row) => describe(row));

function describe(value: unknown): string {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return JSON.stringify(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString('hex')}`;
  if (value instanceof arrow.Vector || Array.isArray(value))
    return `[${[...value].map(describe).join(', ')}]`;
  if (value instanceof Date) return value.toISOString();
  const pairs = [...(value as Iterable<[unknown, unknown]>)];
  return `{${pairs.map(([name, each]) => `${String(name)}: ${describe(each)}`).join(', ')}}`;
}
