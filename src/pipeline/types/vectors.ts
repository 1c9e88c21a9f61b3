// Vectors as columns. Embeddings are lists of float32 of one size, which everyone reads. Sparse vectors are the rows of a
// compressed sparse matrix (offsets, indices, values), which is exactly how Arrow lays out a list of structs.
//
//   ruvector.sparse_vector   storage  list<struct<index: uint32, value: float32>>, indices of a row ascending
//                            metadata {"size": n}: how long the vectors are
import * as arrow from 'apache-arrow';
import type { Batch } from '../contract.ts';
import { columnBlockError, extensionFieldError } from './errors.ts';
import { buildNumberColumn, readNumbersOf } from './blocks.ts';
import { buildExtensionField, readExtension } from './extension.ts';

/** Rows of a sparse matrix: row i has the entries from `offsets[i]` up to, not including, `offsets[i + 1]`. */
export interface SparseRows {
  /** Length of each vector. */
  readonly size: number;
  readonly offsets: Int32Array;
  readonly indices: Uint32Array;
  readonly values: Float32Array;
}

const EXTENSION = 'ruvector.sparse_vector';

/** A field that holds an embedding of so many dimensions a row. */
export function buildEmbeddingField(name: string, dimensions: number, isNullable = false): arrow.Field {
  if (!Number.isSafeInteger(dimensions) || dimensions <= 0) {
    throw columnBlockError(name, `an embedding of ${dimensions} dimensions cannot be`);
  }
  const item = new arrow.Field('item', new arrow.Float32(), true);
  return new arrow.Field(name, new arrow.FixedSizeList(dimensions, item), isNullable);
}

/**
 * The embeddings of a column, one behind the other, a view of it.
 * @throws RuvectorError `ERR_PIPELINE_TYPE` for another column, or one that lacks some
 */
export function readEmbeddings(batch: Batch, name: string): { dimensions: number; values: Float32Array } {
  const column = columnOf(batch, name);
  const { type } = column;
  const found = type[Symbol.toStringTag];
  const isEmbedding =
    arrow.DataType.isFixedSizeList(type) &&
    arrow.DataType.isFloat(type.children[0]!.type) &&
    column.nullCount === 0;
  const values = isEmbedding ? readNumbersOf(name, column.children[0]!) : null;
  if (!isEmbedding || !(values instanceof Float32Array)) {
    throw columnBlockError(name, `it is ${found} with ${column.nullCount} missing, no embeddings of float32`);
  }
  return { dimensions: type.listSize, values };
}

/** A field that holds a sparse vector a row. */
export function buildSparseField(name: string, size: number, isNullable = false): arrow.Field {
  if (!isSize(size)) throw extensionFieldError(name, EXTENSION, `its size is ${String(size)}`, null);
  return buildExtensionField(name, sparseType(), EXTENSION, { size }, isNullable);
}

/** The size of a field of sparse vectors; null for other fields. @throws RuvectorError `ERR_PIPELINE_TYPE` */
export function readSparseSize(field: arrow.Field): number | null {
  const metadata = readExtension(field, EXTENSION);
  if (metadata === null) return null;
  const { size } = metadata;
  if (!isSize(size)) throw extensionFieldError(field.name, EXTENSION, `its size is ${String(size)}`, null);
  if (!arrow.util.compareTypes(field.type as arrow.DataType, sparseType())) {
    throw extensionFieldError(field.name, EXTENSION, `its storage is ${String(field.type)}`, null);
  }
  return size;
}

/**
 * A column over the arrays of a sparse matrix. Nothing is copied; indices are checked.
 * @throws RuvectorError `ERR_PIPELINE_TYPE`
 */
export function buildSparseColumn(field: arrow.Field, rows: SparseRows): arrow.Data {
  const size = readSparseSize(field);
  const problem = size === rows.size ? findProblem(rows) : `its size is ${size}, not ${rows.size}`;
  if (problem) throw columnBlockError(field.name, problem);
  const type = field.type as arrow.List<arrow.Struct>;
  const entry = type.children[0]!.type;
  const children = [
    buildNumberColumn(entry.children[0]!.type as arrow.DataType, rows.indices),
    buildNumberColumn(entry.children[1]!.type as arrow.DataType, rows.values),
  ];
  const child = arrow.makeData({ type: entry, length: rows.indices.length, nullCount: 0, children });
  const { offsets: valueOffsets } = rows;
  return arrow.makeData({ type, length: valueOffsets.length - 1, nullCount: 0, valueOffsets, child });
}

/**
 * The rows of a column of sparse vectors, views of it. `offsets` of a slice begin above 0.
 * @throws RuvectorError `ERR_PIPELINE_TYPE`
 */
export function readSparseRows(batch: Batch, name: string): SparseRows {
  const field = batch.schema.fields.find((each) => each.name === name);
  const size = field ? readSparseSize(field) : null;
  if (size === null) throw columnBlockError(name, 'it is no column of sparse vectors');
  const column = columnOf(batch, name);
  if (column.nullCount > 0) throw columnBlockError(name, `${column.nullCount} vectors are missing`);
  const [indices, values] = column.children[0]!.children.map((each) => readNumbersOf(name, each));
  return {
    size,
    offsets: (column.valueOffsets as Int32Array).subarray(0, batch.numRows + 1),
    indices: indices as Uint32Array,
    values: values as Float32Array,
  };
}

function sparseType(): arrow.List {
  const index = new arrow.Field('index', new arrow.Uint32(), false);
  const value = new arrow.Field('value', new arrow.Float32(), false);
  return new arrow.List(new arrow.Field('item', new arrow.Struct([index, value]), false));
}

const isSize = (size: unknown): size is number => Number.isSafeInteger(size) && (size as number) >= 0;

function columnOf(batch: Batch, name: string): arrow.Data {
  const at = batch.schema.fields.findIndex((field) => field.name === name);
  if (at < 0) throw columnBlockError(name, 'the batch has no such column');
  return batch.data.children[at]!;
}

function findProblem({ size, offsets, indices, values }: SparseRows): string | null {
  if (indices.length !== values.length) return `it has ${indices.length} indices for ${values.length} values`;
  if (offsets.length === 0 || offsets[0]! < 0 || offsets.at(-1)! > indices.length) {
    return `its offsets do not lie within ${indices.length} entries`;
  }
  for (let row = 0; row + 1 < offsets.length; row++) {
    if (offsets[row]! > offsets[row + 1]!) return `row ${row} ends before it begins`;
    for (let at = offsets[row]!; at < offsets[row + 1]!; at++) {
      if (indices[at]! >= size) return `row ${row} has index ${indices[at]} of ${size}`;
      if (at > offsets[row]! && indices[at]! <= indices[at - 1]!)
        return `indices of row ${row} do not ascend`;
    }
  }
  return null;
}
