// Types of columns: blocks, tensors, embeddings and sparse vectors without copies. Other readers decide in
// test/conformance/pipeline.
import * as arrow from 'apache-arrow';
import { describe, expect, it } from 'vitest';
import {
  buildBlockBatch,
  buildEmbeddingField,
  buildSparseColumn,
  buildSparseField,
  buildTensorColumn,
  buildTensorField,
  assembleBatch,
  readBlock,
  readEmbeddings,
  readSparseRows,
  readTensors,
} from '../../../src/pipeline/index.ts';
import type { SparseRows, TensorLayout } from '../../../src/pipeline/index.ts';
import { buildEveryType } from '../../support/pipeline/every-type.ts';

const code = 'ERR_PIPELINE_TYPE';
const refused = expect.objectContaining({ code });
const batchOf = (field: arrow.Field, column: arrow.Data): arrow.RecordBatch =>
  assembleBatch(new arrow.Schema([field]), column.length, [column]);

describe('buildBlockBatch()', () => {
  it('moves no value, nor does readBlock(), for every kind of number', () => {
    const block = {
      a: Float64Array.of(1, Number.NaN),
      b: Float32Array.of(1, 2),
      c: Int8Array.of(-1, 2),
      d: Uint8Array.of(1, 255),
      e: Int16Array.of(-1, 2),
      f: Uint16Array.of(1, 2),
      g: Int32Array.of(-1, 2),
      h: Uint32Array.of(1, 2),
      i: BigInt64Array.of(-1n, 2n),
      j: BigUint64Array.of(1n, 2n),
    };
    const batch = buildBlockBatch(block);
    const read = readBlock(batch);
    expect(read).toEqual(block);
    for (const [name, values] of Object.entries(block)) expect(read[name]!.buffer).toBe(values.buffer);
    expect(readBlock(batch.slice(1, 2))['i']).toEqual(BigInt64Array.of(2n));
    expect(readBlock(buildBlockBatch({}))).toEqual({});
  });

  it('refuses lengths that differ and values that no column holds', () => {
    expect(() => buildBlockBatch({ a: Int8Array.of(1), b: Int8Array.of() })).toThrow(refused);
    expect(() => buildBlockBatch({ a: new Uint8ClampedArray(1) as never })).toThrow(refused);
  });

  it('readBlock() refuses columns that are no plain numbers or lack values', () => {
    const batch = buildEveryType();
    for (const name of ['int8', 'flag', 'text', 'moment', 'embedding']) {
      expect(() => readBlock(batch.select([name]))).toThrow(refused);
    }
    expect(readBlock(batch.select(['int8']).slice(2, 4))).toEqual({ int8: Int8Array.of(-128, 127) });
  });
});

describe('buildTensorField()', () => {
  const valueType = new arrow.Float32();
  const values = Float32Array.from({ length: 12 }, (_, i) => i);

  it('readTensors() gives shape and strides in logical order over the memory of the column', () => {
    const layout = { valueType, shape: [2, 3], dimNames: ['row', 'column'], permutation: [1, 0] };
    const field = buildTensorField('image', layout);
    const batch = batchOf(field, buildTensorColumn(field, values));
    expect(readTensors(batch, 'image')).toEqual({
      values,
      shape: [2, 3, 2],
      strides: [6, 1, 3],
      dimNames: ['column', 'row'],
    });
    expect(readTensors(batch, 'image').values.buffer).toBe(values.buffer);
    const second = readTensors(batch.slice(1), 'image');
    expect([second.values, second.shape]).toEqual([values.subarray(6), [1, 3, 2]]);
    expect(JSON.parse(field.metadata.get('ARROW:extension:metadata')!)).toEqual({
      shape: [2, 3],
      dim_names: ['row', 'column'],
      permutation: [1, 0],
    });
  });

  it('readTensors() takes dimension i of the logical order from permutation[i] in memory, as the specification says', () => {
    // The example of the specification.
    const layout = { valueType, shape: [100, 200, 500], permutation: [2, 0, 1] };
    const field = buildTensorField('t', layout);
    const batch = batchOf(field, buildTensorColumn(field, new Float32Array(0)));
    expect(readTensors(batch, 't')).toMatchObject({
      shape: [0, 500, 100, 200],
      strides: [10_000_000, 1, 100_000, 500],
    });
  });

  it('refuses layouts that cannot be', () => {
    const bad: Partial<TensorLayout>[] = [
      { shape: [] },
      { shape: [2, 0] },
      { shape: [1.5] },
      { shape: [2, 3], dimNames: ['one'] },
      { shape: [2, 3], permutation: [0] },
      { shape: [2, 3], permutation: [0, 2] },
      { shape: [2, 3], permutation: [1, 1] },
    ];
    for (const each of bad)
      expect(() => buildTensorField('t', { valueType, shape: [1], ...each })).toThrow(refused);
  });

  it('readTensors() refuses columns that are no tensors, or whose metadata does not fit', () => {
    const field = buildTensorField('t', { valueType, shape: [3] });
    expect(() => buildTensorColumn(field, values.subarray(1))).toThrow(refused);
    const embedding = buildEmbeddingField('t', 3);
    const column = buildTensorColumn(embedding, values);
    expect(() => readTensors(batchOf(embedding, column), 't')).toThrow(refused);
    for (const metadata of [
      '',
      '[1',
      'null',
      '{}',
      '{"shape":[4]}',
      '{"shape":"3"}',
      '{"shape":[3],"permutation":5}',
    ]) {
      const wrong = field.clone({
        metadata: new Map([...field.metadata, ['ARROW:extension:metadata', metadata]]),
      });
      expect(() => readTensors(batchOf(wrong, column), 't')).toThrow(refused);
    }
  });
});

describe('buildEmbeddingField()', () => {
  it('readEmbeddings() gives all values of all rows, a view', () => {
    const values = Float32Array.from({ length: 6 }, (_, i) => i);
    const field = buildEmbeddingField('e', 3);
    const batch = batchOf(field, buildTensorColumn(field, values));
    expect(readEmbeddings(batch, 'e')).toEqual({ dimensions: 3, values });
    expect(readEmbeddings(batch.slice(1), 'e').values.buffer).toBe(values.buffer);
    expect(() => readEmbeddings(buildEveryType(), 'embedding')).toThrow(refused);
    expect(() => readEmbeddings(batch, 'f')).toThrow(refused);
    expect(() => buildEmbeddingField('e', 0)).toThrow(refused);
  });
});

describe('buildSparseField()', () => {
  const rows: SparseRows = {
    size: 10,
    offsets: Int32Array.of(0, 2, 2, 3),
    indices: Uint32Array.of(0, 9, 4),
    values: Float32Array.of(1, -2, 0.5),
  };

  it('readSparseRows() gives the arrays that buildSparseColumn() was given', () => {
    const field = buildSparseField('s', 10);
    const batch = batchOf(field, buildSparseColumn(field, rows));
    const read = readSparseRows(batch, 's');
    expect(read).toEqual(rows);
    expect([read.indices.buffer, read.values.buffer]).toEqual([rows.indices.buffer, rows.values.buffer]);
    expect(readSparseRows(batch.slice(1), 's').offsets).toEqual(Int32Array.of(2, 2, 3));
  });

  it('buildSparseColumn() refuses rows that are no sparse vectors of its size', () => {
    const field = buildSparseField('s', 10);
    const bad: Partial<SparseRows>[] = [
      { size: 11 },
      { values: Float32Array.of(1) },
      { offsets: Int32Array.of(0, 2, 2, 4) },
      { offsets: Int32Array.of(0, 3, 2, 3) },
      { offsets: Int32Array.of() },
      { indices: Uint32Array.of(0, 10, 4) },
      { indices: Uint32Array.of(9, 0, 4) },
      { indices: Uint32Array.of(0, 0, 4) },
    ];
    for (const each of bad) expect(() => buildSparseColumn(field, { ...rows, ...each })).toThrow(refused);
    expect(() => buildSparseField('s', -1)).toThrow(refused);
    expect(() => readSparseRows(buildEveryType(), 'list')).toThrow(refused);
  });
});
