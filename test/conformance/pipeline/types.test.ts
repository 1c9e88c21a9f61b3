// Types of columns as others read and write them: pyarrow, Polars in Python, and Polars in this process.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as arrow from 'apache-arrow';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  assembleBatch,
  buildEmbeddingField,
  buildSparseColumn,
  buildSparseField,
  buildTensorColumn,
  buildTensorField,
  conformBatch,
  fromPolars,
  isSameSchema,
  readEmbeddings,
  readSparseRows,
  readTensorLayout,
  readTensors,
  toPolars,
} from '../../../src/pipeline/index.ts';
import type { Batch, TensorColumn } from '../../../src/pipeline/index.ts';
import { buildEveryType, describeRows } from '../../support/pipeline/every-type.ts';
import { python } from '../../support/python.ts';

const folder = mkdtempSync(join(tmpdir(), 'ruvector-types-'));
const script = join(import.meta.dirname, '../../support/pipeline/types-peer.py');
const every = buildEveryType(3).slice(1, 12);
const vectors = buildVectors();

beforeAll(() => {
  writeBatch('every-type.arrow', every);
  writeBatch('vectors.arrow', vectors);
  execFileSync(python, [script, folder], { stdio: 'inherit' });
});
afterAll(() => rmSync(folder, { recursive: true }));

const writeBatch = (name: string, batch: Batch): void =>
  writeFileSync(join(folder, name), arrow.tableToIPC(new arrow.Table([batch]), 'file'));
const readBatch = (name: string): Batch => arrow.tableFromIPC(readFileSync(join(folder, name))).batches[0]!;
const readFacts = (name: string): Record<string, unknown> =>
  JSON.parse(readFileSync(join(folder, name), 'utf8')) as Record<string, unknown>;

/** Three rows: a tensor, an embedding and a sparse vector in each. */
function buildVectors(): Batch {
  const layout = {
    valueType: new arrow.Float32(),
    shape: [2, 3],
    dimNames: ['row', 'column'],
    permutation: [1, 0],
  };
  const fields = [
    buildTensorField('tensor', layout),
    buildEmbeddingField('embedding', 2),
    buildSparseField('sparse', 5),
  ] as const;
  const numbers = (length: number): Float32Array => Float32Array.from({ length }, (_, i) => i / 2);
  const rows = {
    size: 5,
    offsets: Int32Array.of(0, 2, 2, 3),
    indices: Uint32Array.of(0, 4, 2),
    values: Float32Array.of(1, -2, 0.5),
  };
  return assembleBatch(new arrow.Schema([...fields]), 3, [
    buildTensorColumn(fields[0], numbers(18)),
    buildTensorColumn(fields[1], numbers(6)),
    buildSparseColumn(fields[2], rows),
  ]);
}

/** Nested lists, as numpy prints them, by shape and strides. */
function nest({ values, shape, strides }: TensorColumn, at = 0, dimension = 0): unknown {
  if (dimension === shape.length) return values[at];
  return Array.from({ length: shape[dimension]! }, (_, i) =>
    nest({ values, shape, strides, dimNames: null }, at + i * strides[dimension]!, dimension + 1),
  );
}

describe('toPolars()', () => {
  it('keeps with fromPolars() every value of every type, whole and cut', async () => {
    const whole = buildEveryType(3);
    for (const batch of [whole, whole.slice(2, 9), whole.slice(0, 0)]) {
      const frame = await toPolars(batch.schema, [batch]);
      const back = fromPolars(frame, batch.schema);
      expect(frame.height).toBe(batch.numRows);
      expect(back.flatMap(describeRows)).toEqual(describeRows(batch));
      expect(back.every(({ schema }) => isSameSchema(schema, batch.schema))).toBe(true);
    }
  });

  it('keeps with fromPolars() tensors, embeddings and sparse vectors', async () => {
    const [back] = fromPolars(await toPolars(vectors.schema, [vectors]), vectors.schema);
    expect(readTensors(back!, 'tensor')).toEqual(readTensors(vectors, 'tensor'));
    expect(readEmbeddings(back!, 'embedding')).toEqual(readEmbeddings(vectors, 'embedding'));
    expect(readSparseRows(back!, 'sparse')).toEqual(readSparseRows(vectors, 'sparse'));
  });

  it('fromPolars() gives what Polars writes without a schema, and dictionaries with one', async () => {
    const batch = arrow.tableFromArrays({ text: ['a', 'b', null, 'a'] }).batches[0]!;
    const frame = await toPolars(batch.schema, [batch]);
    const [back] = fromPolars(frame, batch.schema);
    expect(isSameSchema(back!.schema, batch.schema)).toBe(true);
    expect(describeRows(back!)).toEqual(describeRows(batch));
    expect(describeRows(fromPolars(frame)[0]!)).toEqual(describeRows(batch));
    const other = new arrow.Schema([new arrow.Field('text', new arrow.Int8(), true)]);
    expect(() => fromPolars(frame, other)).toThrow(expect.objectContaining({ code: 'ERR_PIPELINE_TYPE' }));
    const missing = new arrow.Schema([new arrow.Field('more', new arrow.Int8(), true)]);
    expect(() => fromPolars(frame, missing)).toThrow(expect.objectContaining({ code: 'ERR_PIPELINE_TYPE' }));
  });
});

describe('conformBatch()', () => {
  it.each(['pyarrow', 'polars'])('gives every value back that %s in Python took as its own', (reader) => {
    const back = conformBatch(readBatch(`${reader}.arrow`), every.schema);
    expect(describeRows(back)).toEqual(describeRows(every));
  });
});

describe('readTensors()', () => {
  it('buildTensorField() writes what pyarrow takes for tensors of this shape, names and order', () => {
    const tensors = readTensors(vectors, 'tensor');
    expect(readFacts('vectors.json')).toMatchObject({
      isTensor: true,
      dimNames: ['row', 'column'],
      permutation: [1, 0],
      shape: tensors.shape,
      strides: tensors.strides,
      values: nest(tensors),
      sparse: [
        [1, 0, 0, 0, -2],
        [0, 0, 0, 0, 0],
        [0, 0, 0.5, 0, 0],
      ],
      embedding: [
        [0, 0.5],
        [1, 1.5],
        [2, 2.5],
      ],
    });
  });

  it('sees tensors of pyarrow as numpy does, also in another order', () => {
    const batch = readBatch('tensors.arrow');
    const facts = readFacts('tensors.arrow.json');
    for (const name of ['tensor', 'plain']) {
      const tensors = readTensors(batch, name);
      expect({ shape: tensors.shape, strides: tensors.strides, values: nest(tensors) }).toEqual(facts[name]);
    }
    expect(readTensorLayout(batch.schema.fields[0]!)).toMatchObject({
      shape: [2, 3, 2],
      permutation: [0, 2, 1],
    });
    expect(readTensors(batch, 'tensor').dimNames).toEqual(['c', 'w', 'h']);
  });
});
