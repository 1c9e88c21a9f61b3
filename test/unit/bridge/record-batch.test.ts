import * as arrow from 'apache-arrow';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  buildRecordBatch,
  encodeSchema,
  memoryKind,
  optional,
  required,
  toArrowSchema,
} from '../../../src/core/index.ts';
import type { AnyRow, RecordKind } from '../../../src/core/index.ts';
import { decodeRecordBatches, decodeSchema } from '../../../src/bridge/decode-record-batch.ts';
import { buildBatchPlanner, encodeRecordBatch } from '../../../src/bridge/encode-record-batch.ts';

const kind: RecordKind = {
  name: 'test',
  version: 1,
  fields: [
    required('timestamp', 'timestamp', 'ms', 'test'),
    optional('big', 'uint64', '1', 'test'),
    optional('share', 'float32', '1', 'test'),
    optional('small', 'int8', '1', 'test'),
    optional('flag', 'bool', '1', 'test'),
    optional('text', 'utf8', '1', 'test'),
  ],
};

const rows: fc.Arbitrary<AnyRow[]> = fc.array(
  fc.record({
    timestamp: fc.integer({ min: 0, max: 2 ** 41 }),
    big: fc.option(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })),
    share: fc.option(fc.float({ noNaN: true, noDefaultInfinity: false })),
    small: fc.option(fc.integer({ min: -128, max: 127 })),
    flag: fc.option(fc.boolean()),
    text: fc.option(fc.string({ unit: 'grapheme' })),
  }),
  { maxLength: 70 },
);

const valuesOf = (batch: arrow.RecordBatch): unknown[] =>
  batch.toArray().map((row: arrow.StructRow) => row.toJSON());

describe('encodeRecordBatch()', () => {
  it('keeps every value, null and slice', () => {
    fc.assert(
      fc.property(rows, fc.nat({ max: 70 }), fc.nat({ max: 70 }), (given, from, count) => {
        const batch = buildRecordBatch(kind, given).slice(from, from + count);
        const bytes = encodeRecordBatch(batch);
        const [decoded] = decodeRecordBatches(encodeSchema(batch.schema), bytes);
        expect(valuesOf(decoded!)).toEqual(valuesOf(batch));
      }),
      { numRuns: 50 },
    );
  });

  it('begins the body at a multiple of 64 bytes and fills up to one', () => {
    const batch = buildRecordBatch(kind, [{ timestamp: 1, text: 'a', share: 0.5 }]);
    const bytes = encodeRecordBatch(batch);
    expect(bytes.length % 64).toBe(0);
    const metadataBytes = new DataView(bytes.buffer, bytes.byteOffset).getInt32(4, true);
    expect((8 + metadataBytes) % 64).toBe(0);
  });

  it('writes into the given memory and clears what an older batch left in the padding', () => {
    const batch = buildRecordBatch(kind, [{ timestamp: 1, text: 'secret' }]);
    const clean = encodeRecordBatch(batch);
    const target = new Uint8Array(clean.length + 100).fill(0xaa);
    const written = encodeRecordBatch(batch, target);
    expect(written.buffer).toBe(target.buffer);
    expect(Buffer.from(written).equals(Buffer.from(clean))).toBe(true);
  });

  it('says how much memory it needs when the target is too small', () => {
    const batch = buildRecordBatch(kind, [{ timestamp: 1 }]);
    expect(() => encodeRecordBatch(batch, new Uint8Array(8))).toThrow(/it needs \d+ bytes, the target has 8/);
  });

  it('refuses a dictionary column by name', () => {
    const table = arrow.tableFromArrays({ plain: [1, 2], words: ['a', 'b'] });
    expect(() => encodeRecordBatch(table.batches[0]!)).toThrow(
      expect.objectContaining({
        code: 'ERR_WIRE_BATCH',
        message: expect.stringContaining('"words"') as string,
      }),
    );
  });
});

describe('buildBatchPlanner()', () => {
  it('notices that a batch of the same size has other nulls', () => {
    const plan = buildBatchPlanner();
    const schema = encodeSchema(toArrowSchema(kind));
    for (const share of [1, null, 2, null]) {
      const batch = buildRecordBatch(kind, [{ timestamp: 1, share, text: 'x' }]);
      const { sizeBytes, writeTo } = plan(batch);
      const [decoded] = decodeRecordBatches(schema, writeTo(new Uint8Array(sizeBytes)));
      expect(valuesOf(decoded!)).toEqual(valuesOf(batch));
    }
  });
});

describe('decodeRecordBatches()', () => {
  it('reads batches that lie one behind the other', () => {
    const batches = [1, 2, 3].map((timestamp) => buildRecordBatch(kind, [{ timestamp }]));
    const bytes = Buffer.concat(batches.map((batch) => encodeRecordBatch(batch)));
    const decoded = decodeRecordBatches(encodeSchema(toArrowSchema(kind)), bytes);
    expect(decoded.flatMap(valuesOf)).toEqual(batches.flatMap(valuesOf));
  });

  it('answers broken bytes with a typed error', () => {
    const schema = encodeSchema(toArrowSchema(kind));
    const refused = expect.objectContaining({ code: 'ERR_WIRE_BATCH' }) as Error;
    expect(() => decodeRecordBatches(schema, new Uint8Array(0))).toThrow(refused);
    expect(() => decodeRecordBatches(schema, new Uint8Array(64).fill(7))).toThrow(refused);
  });
});

describe('encodeSchema()', () => {
  it('keeps names, types and metadata', () => {
    const schema = toArrowSchema(memoryKind);
    const decoded = decodeSchema(encodeSchema(schema));
    expect(decoded.toString()).toBe(schema.toString());
    expect(decoded.metadata.get('ruvector.kind')).toBe('memory');
  });
});
