// Batches as bytes of a slot, and back as views of it.
import * as arrow from 'apache-arrow';
import { describe, expect, it } from 'vitest';
import {
  assembleBatch,
  buildBatchReader,
  buildBatchWriter,
  buildBlockBatch,
  createMemoryBudget,
  createSlab,
  encodeTable,
  holdSlot,
  releaseBatch,
  splitBatch,
} from '../../../src/pipeline/index.ts';
import type { Batch } from '../../../src/pipeline/index.ts';
import { buildEveryType, describeRows } from '../../support/pipeline/every-type.ts';
import { createPrintedRandom } from '../../support/random.ts';

const plain = (rows: number): Batch =>
  arrow.tableFromArrays({
    number: Float64Array.from({ length: rows }, (_, i) => i / 3),
    flag: Array.from({ length: rows }, (_, i) => (i % 5 === 0 ? null : i % 2 === 0)),
  }).batches[0]!;

const dictionary = (): Batch => arrow.tableFromArrays({ text: ['a', 'b', null, 'a'] }).batches[0]!;
const rowsOf = (batch: Batch): unknown[] => [...batch].map((row) => row?.toJSON());

describe('buildBatchReader()', () => {
  it('read() gives views of the slot that a batch was written into', async () => {
    const slab = await createSlab(createMemoryBudget(1 << 20), [{ slotBytes: 64 * 1024, slots: 2 }]);
    const [writer, reader] = [buildBatchWriter(), buildBatchReader()];
    for (const batch of [plain(1000), plain(1000).slice(3, 517), plain(0), dictionary()]) {
      const slot = slab.tryTake(writer.layOut(batch).sizeBytes)!;
      const bytes = writer.layOut(batch).writeTo(slot.bytes);
      const read = reader.read(writer.schemaBytesOf(batch), bytes);
      expect(rowsOf(read)).toEqual(rowsOf(batch));
      expect(read.data.children.every((column) => sharesMemory(column, slot.bytes.buffer))).toBe(true);
      holdSlot(read, { slot, sizeBytes: bytes.length });
      releaseBatch(read);
      releaseBatch(read);
      releaseBatch(batch);
      expect(slab.freeSlots).toBe(2);
    }
  });
});

const sharesMemory = ({ values, length }: arrow.Data, buffer: ArrayBufferLike): boolean =>
  length === 0 || (values as Uint8Array).buffer === buffer;

describe('buildBatchWriter()', () => {
  it('layOut() keeps every value of every type, whole and cut anywhere, also nested views of text', () => {
    const random = createPrintedRandom('cuts');
    const slot = new Uint8Array(64 * 1024);
    const [writer, reader] = [buildBatchWriter(), buildBatchReader()];
    const batches = [buildEveryType(20), buildViews()];
    for (let round = 0; round < 30; round++) {
      for (const whole of batches) {
        const from = Math.floor(random() * whole.numRows);
        const batch = whole.slice(from, from + Math.floor(random() * 40)).slice(round % 2);
        const bytes = writer.layOut(batch).writeTo(slot);
        const read = reader.read(writer.schemaBytesOf(batch), bytes);
        expect(describeRows(read)).toEqual(describeRows(batch));
      }
    }
  });

  it('layOut() keeps columns that are the same memory apart, also dictionaries', () => {
    const { schema, data } = dictionary();
    const [field, column] = [schema.fields[0]!, data.children[0]!];
    const twice = new arrow.Schema([field, field.clone({ name: 'again' })]);
    const numbers = Float64Array.from({ length: 64 }, (_, i) => i);
    const [writer, reader] = [buildBatchWriter(), buildBatchReader()];
    for (const batch of [
      assembleBatch(twice, 4, [column, column]),
      buildBlockBatch({ a: numbers, b: numbers, c: numbers }),
    ]) {
      const bytes = writer.layOut(batch).writeTo(new Uint8Array(64 * 1024));
      expect(describeRows(reader.read(writer.schemaBytesOf(batch), bytes))).toEqual(describeRows(batch));
      const file = arrow.tableFromIPC(encodeTable(batch.schema, [batch], 'file'));
      expect(describeRows(file)).toEqual(describeRows(batch));
    }
  });

  it('layOut() of a slice leaves out the text of the column that it was cut from', () => {
    const views = buildViews(10_000);
    const writer = buildBatchWriter();
    const [whole, part] = [views, views.slice(0, 100)].map((batch) => writer.layOut(batch).sizeBytes);
    expect(part! / whole!).toBeLessThan(0.02);
  });
});

/** Text as views, alone, in structs and in lists. */
function buildViews(rows = 100): Batch {
  const view = new arrow.Utf8View();
  const texts = Array.from({ length: rows }, (_, i) => (i % 7 === 0 ? null : `${'long '.repeat(i % 5)}${i}`));
  const text = arrow.vectorFromArray(texts, view).data[0]!;
  const struct = new arrow.Struct([new arrow.Field('inner', view, true)]);
  const list = new arrow.List(new arrow.Field('item', view, true));
  const valueOffsets = Int32Array.from({ length: rows + 1 }, (_, i) => i);
  return assembleBatch(
    new arrow.Schema([
      new arrow.Field('text', view, true),
      new arrow.Field('struct', struct, false),
      new arrow.Field('list', list, false),
    ]),
    rows,
    [
      text,
      arrow.makeData({ type: struct, length: rows, nullCount: 0, children: [text] }),
      arrow.makeData({ type: list, length: rows, nullCount: 0, valueOffsets, child: text }),
    ],
  );
}

describe('splitBatch()', () => {
  it('cuts by rows without copying until every part fits', () => {
    const batch = plain(10_000);
    const parts = splitBatch(batch, 16 * 1024);
    const writer = buildBatchWriter();
    expect(Math.max(...parts.map((part) => writer.layOut(part).sizeBytes))).toBeLessThanOrEqual(16 * 1024);
    expect(parts.flatMap(rowsOf)).toEqual(rowsOf(batch));
    const memory = (batch.data.children[0]!.values as Float64Array).buffer;
    expect(parts.every((part) => sharesMemory(part.data.children[0]!, memory))).toBe(true);
    expect(splitBatch(plain(1), 1)).toHaveLength(1);
    expect(splitBatch(plain(0), 1)).toHaveLength(1);
  });
});
