// golden.arrow: decoding, tolerance and what a replay refuses.
import * as arrow from 'apache-arrow';
import { expect, it } from 'vitest';
import { decodeGolden } from '../../../src/models/decode-golden.ts';
import { compareBatch, finishTally } from '../../../src/models/golden.ts';
import type { GoldenRows } from '../../../src/models/golden.ts';

const manifest = {
  features: [
    { name: 'a', dtype: 'float32' },
    { name: 'b', dtype: 'float32' },
  ],
  outputs: { label: 'label', probabilities: 'probabilities' },
  classes: [0, 3],
  golden: { sha256: '', rows: 3 },
} as const;

const columns = {
  a: arrow.vectorFromArray([1, 2, Number.NaN], new arrow.Float32()),
  b: arrow.vectorFromArray([4, 5, 6], new arrow.Float32()),
  expected_label: arrow.vectorFromArray([0n, 3n, 0n], new arrow.Int64()),
  p0: arrow.vectorFromArray([0.75, 0.25, 0.5], new arrow.Float32()),
  p1: arrow.vectorFromArray([0.25, 0.75, 0.5], new arrow.Float32()),
  case: arrow.vectorFromArray(['random', 'threshold', 'nan'], new arrow.Utf8()),
};

const encode = (change: Record<string, arrow.Vector>): Uint8Array =>
  arrow.tableToIPC(new arrow.Table({ ...columns, ...change }), 'stream');
const golden: GoldenRows = decodeGolden(encode({}), manifest);
const newTally = (): { maxAbsDiff: number; mismatched: Set<number> } => ({
  maxAbsDiff: 0,
  mismatched: new Set(),
});

it('decodeGolden() gives row-major matrices in the order of the manifest', () => {
  expect([...golden.features]).toEqual([1, 4, 2, 5, Number.NaN, 6]);
  expect([...golden.values]).toEqual([0.75, 0.25, 0.25, 0.75, 0.5, 0.5]);
  expect([...golden.labels]).toEqual([0, 3, 0]);
  expect(golden.cases).toEqual(['random', 'threshold', 'nan']);
});

it.each([
  ['not Arrow', new TextEncoder().encode('golden')],
  ['empty', new Uint8Array(0)],
  ['cut', encode({}).slice(0, 300)],
  ['a label of another type', encode({ expected_label: columns.p0 })],
  ['a feature with a null', encode({ a: arrow.vectorFromArray([1, null, 2], new arrow.Float32()) })],
])('decodeGolden() refuses what is %s', (_, bytes) => {
  expect(() => decodeGolden(bytes, manifest)).toThrow(/golden.arrow/);
});

it('decodeGolden() refuses a missing column and another number of rows', () => {
  const other = { ...manifest, classes: [0, 1, 3] };
  expect(() => decodeGolden(encode({}), other)).toThrow(/"p2" is missing/);
  expect(() => decodeGolden(encode({}), { ...manifest, golden: { sha256: '', rows: 4 } })).toThrow(/3 rows/);
});

it('compareBatch() accepts what lies within tolerance and keeps the largest difference', () => {
  const tally = newTally();
  const values = Float32Array.of(0.250_01, 0.75);
  compareBatch(golden, { labels: [3], values }, { start: 1, end: 2 }, tally);
  expect(finishTally(golden, tally)).toMatchObject({ goldenRows: 3, labelMismatches: 0 });
  expect(tally.maxAbsDiff).toBeCloseTo(1e-5, 6);
});

it('compareBatch() refuses what lies outside and names the row and its case', () => {
  const values = Float32Array.of(0.2501, 0.7499);
  const run = (): void =>
    compareBatch(golden, { labels: [3], values }, { start: 1, end: 2 }, newTally());
  expect(run).toThrow(/golden row 1 \(threshold\)/);
});

it.each([Number.NaN, Number.POSITIVE_INFINITY])('compareBatch() refuses %d as ERR_MODEL_NAN', (value) => {
  const answer = { labels: [0], values: Float32Array.of(value, 0.5) };
  expect(() => compareBatch(golden, answer, { start: 2, end: 3 }, newTally())).toThrow(
    expect.objectContaining({ code: 'ERR_MODEL_NAN' }),
  );
});

it('finishTally() refuses a label that differs', () => {
  const tally = newTally();
  compareBatch(
    golden,
    { labels: [3], values: Float32Array.of(0.5, 0.5) },
    { start: 2, end: 3 },
    tally,
  );
  expect(() => finishTally(golden, tally)).toThrow(
    /1 of 3 golden rows got another label, first row 2 \(nan\)/,
  );
});
