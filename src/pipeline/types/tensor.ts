// Tensors of one shape as a column: the canonical extension type arrow.fixed_shape_tensor over a fixed-size list, so
// that pyarrow and others read it as tensors and those that do not know it as lists.
// https://arrow.apache.org/docs/format/CanonicalExtensions.html#fixed-shape-tensor
import * as arrow from 'apache-arrow';
import type { Batch } from '../contract.ts';
import { columnBlockError, extensionFieldError } from './errors.ts';
import { buildNumberColumn, readNumbersOf } from './blocks.ts';
import type { NumberArray } from './blocks.ts';
import { buildExtensionField, readExtension } from './extension.ts';

/** What every tensor of a column has. */
export interface TensorLayout {
  /** Of numbers. */
  readonly valueType: arrow.DataType;
  /** Sizes of the dimensions as they lie in memory, the last one contiguous. */
  readonly shape: readonly number[];
  /** Names of those dimensions. */
  readonly dimNames?: readonly string[];
  /** The logical order: dimension i is `shape[permutation[i]]`. @default as in memory */
  readonly permutation?: readonly number[];
}

/** The tensors of a column. */
export interface TensorColumn {
  /** All of them behind each other, a view of the column. */
  readonly values: NumberArray;
  /** Rows, then the sizes of the dimensions in logical order. */
  readonly shape: readonly number[];
  /** Values from one index to the next in each of them. */
  readonly strides: readonly number[];
  /** Names in logical order; null without names. */
  readonly dimNames: readonly string[] | null;
}

const EXTENSION = 'arrow.fixed_shape_tensor';

/** As the specification writes it; whether it is so, `findProblem` says. */
interface TensorMetadata {
  readonly shape: readonly number[];
  readonly dim_names?: readonly string[] | null;
  readonly permutation?: readonly number[] | null;
}

/** A field that holds a tensor a row. @throws RuvectorError `ERR_PIPELINE_TYPE` for a shape that cannot be */
export function buildTensorField(name: string, layout: TensorLayout, isNullable = false): arrow.Field {
  const problem = findProblem(layout);
  if (problem) throw extensionFieldError(name, EXTENSION, problem, null);
  const { valueType, shape, dimNames, permutation } = layout;
  const storage = new arrow.FixedSizeList(sizeOf(shape), new arrow.Field('item', valueType, true));
  const metadata = { shape, ...(dimNames && { dim_names: dimNames }), ...(permutation && { permutation }) };
  return buildExtensionField(name, storage, EXTENSION, metadata, isNullable);
}

/** The layout of a field of tensors; null for other fields. @throws RuvectorError `ERR_PIPELINE_TYPE` */
export function readTensorLayout(field: arrow.Field): TensorLayout | null {
  const metadata = readExtension(field, EXTENSION);
  if (metadata === null) return null;
  const type = field.type as arrow.DataType;
  const found = type[Symbol.toStringTag];
  if (!arrow.DataType.isFixedSizeList(type)) {
    throw extensionFieldError(field.name, EXTENSION, `its storage is ${found}`, null);
  }
  const { shape, dim_names: dimNames, permutation } = metadata as unknown as TensorMetadata;
  const valueType = type.children[0]!.type as arrow.DataType;
  const layout: TensorLayout = {
    valueType,
    shape,
    ...(dimNames && { dimNames }),
    ...(permutation && { permutation }),
  };
  const problem = findProblem(layout);
  if (problem) throw extensionFieldError(field.name, EXTENSION, problem, null);
  if (sizeOf(shape) !== type.listSize) {
    throw extensionFieldError(field.name, EXTENSION, `its lists have ${type.listSize} values`, null);
  }
  return layout;
}

/** A column of tensors over their values, one behind the other as they lie in memory. Nothing is copied. */
export function buildTensorColumn(field: arrow.Field, values: NumberArray): arrow.Data {
  const type = field.type as arrow.FixedSizeList;
  const length = values.length / type.listSize;
  if (!Number.isInteger(length)) {
    throw columnBlockError(field.name, `${values.length} values are no multiple of ${type.listSize}`);
  }
  const child = buildNumberColumn(type.children[0]!.type as arrow.DataType, values);
  return arrow.makeData({ type, length, nullCount: 0, child });
}

/**
 * The tensors of a column, without a copy.
 * @throws RuvectorError `ERR_PIPELINE_TYPE` for a column that is no tensors or lacks some
 */
export function readTensors(batch: Batch, name: string): TensorColumn {
  const at = batch.schema.fields.findIndex((field) => field.name === name);
  const layout = at < 0 ? null : readTensorLayout(batch.schema.fields[at]!);
  if (layout === null) throw columnBlockError(name, 'it is no column of tensors');
  const column = batch.data.children[at]!;
  if (column.nullCount > 0) throw columnBlockError(name, `${column.nullCount} tensors are missing`);
  const { shape, permutation = shape.map((_, i) => i), dimNames } = layout;
  const strides = shape.map((_, i) => sizeOf(shape.slice(i + 1)));
  return {
    values: readNumbersOf(name, column.children[0]!),
    shape: [batch.numRows, ...permutation.map((i) => shape[i]!)],
    strides: [sizeOf(shape), ...permutation.map((i) => strides[i]!)],
    dimNames: dimNames ? permutation.map((i) => dimNames[i]!) : null,
  };
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((size, each) => size * each, 1);

function findProblem({ shape, dimNames, permutation }: TensorLayout): string | null {
  if (!Array.isArray(shape) || shape.length === 0) return 'it names no shape';
  if (shape.some((size) => !Number.isSafeInteger(size) || size <= 0)) {
    return `its shape is ${JSON.stringify(shape)}`;
  }
  if (dimNames && dimNames.length !== shape.length) {
    return `it has ${dimNames.length} names for ${shape.length} dimensions`;
  }
  return permutation && !isOrder(permutation, shape.length)
    ? `its permutation is ${JSON.stringify(permutation)}`
    : null;
}

/** Each dimension once. */
function isOrder(permutation: unknown, dimensions: number): boolean {
  if (!Array.isArray(permutation) || permutation.length !== dimensions) return false;
  return new Set(permutation).size === dimensions && permutation.every((each) => each in permutation);
}
