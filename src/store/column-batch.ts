// Decoded Parquet columns → one Arrow record batch of the kind's current schema. A column that an
// old file lacks reads as null, so a new version of a kind may only add nullable fields.
import * as arrow from 'apache-arrow';
import { toArrowSchema } from '../core/index.ts';
import type { Field, FieldType, RecordKind } from '../core/index.ts';

/** Values of one column as a Parquet reader gives them: typed array, or list with nulls. */
export type ColumnValues = ArrayLike<unknown>;

const ownArrays: Partial<Record<FieldType, new () => ColumnValues>> = {
  timestamp: BigInt64Array,
  int64: BigInt64Array,
  int32: Int32Array,
  float32: Float32Array,
  float64: Float64Array,
};

/** Builds a record batch; `columns` maps names to values of equal length. */
export function buildColumnBatch(
  kind: RecordKind,
  columns: ReadonlyMap<string, ColumnValues>,
  length: number,
): arrow.RecordBatch {
  const schema = toArrowSchema(kind);
  const children = kind.fields.map((field, i) =>
    buildData(field, schema.fields[i]!.type as arrow.DataType, columns.get(field.name), length),
  );
  const type = new arrow.Struct(schema.fields);
  return new arrow.RecordBatch(schema, arrow.makeData({ type, length, nullCount: 0, children }));
}

function buildData(
  field: Field,
  type: arrow.DataType,
  values: ColumnValues | undefined,
  length: number,
): arrow.Data {
  // The reader's own array is the column when its type is the column's: no copy.
  const own = ownArrays[field.type];
  if (own && values instanceof own) {
    return arrow.makeData({ type, data: values, length, nullCount: 0 } as never);
  }
  const list = values ?? Array.from({ length }, () => null);
  const { nullBitmap, nullCount } = buildValidity(list, length);
  if (nullCount > 0 && !field.nullable) {
    throw new TypeError(`its column "${field.name}" lacks ${nullCount} required values`);
  }
  const common = { type, length, nullCount, nullBitmap: nullCount > 0 ? nullBitmap : null };
  if (field.type === 'utf8') return arrow.makeData({ ...common, ...buildUtf8(list, length) } as never);
  if (field.type === 'bool') return arrow.makeData({ ...common, data: buildBits(list, length) } as never);
  return arrow.makeData({ ...common, data: buildNumbers(field, list, length) } as never);
}

function buildValidity(list: ColumnValues, length: number): { nullBitmap: Uint8Array; nullCount: number } {
  const nullBitmap = new Uint8Array((length + 7) >> 3);
  let nullCount = 0;
  for (let i = 0; i < length; i++) {
    if (list[i] === null || list[i] === undefined) nullCount++;
    else nullBitmap[i >> 3]! |= 1 << (i & 7);
  }
  return { nullBitmap, nullCount };
}

function buildNumbers(field: Field, list: ColumnValues, length: number): ArrayBufferView {
  switch (field.type) {
    case 'timestamp':
    case 'int64':
      return BigInt64Array.from({ length }, (_, i) => toBigInt(list[i]));
    case 'uint64':
      return BigUint64Array.from({ length }, (_, i) => toBigInt(list[i]));
    case 'int32':
      return Int32Array.from({ length }, (_, i) => Number(list[i] ?? 0));
    case 'int8':
      return Int8Array.from({ length }, (_, i) => Number(list[i] ?? 0));
    case 'float32':
      return Float32Array.from({ length }, (_, i) => Number(list[i] ?? Number.NaN));
    default:
      return Float64Array.from({ length }, (_, i) => Number(list[i] ?? Number.NaN));
  }
}

function toBigInt(value: unknown): bigint {
  if (typeof value === 'bigint') return value;
  return typeof value === 'number' ? BigInt(value) : 0n;
}

function buildBits(list: ColumnValues, length: number): Uint8Array {
  const bits = new Uint8Array((length + 7) >> 3);
  for (let i = 0; i < length; i++) {
    if (list[i] === true) bits[i >> 3]! |= 1 << (i & 7);
  }
  return bits;
}

function buildUtf8(list: ColumnValues, length: number): { valueOffsets: Int32Array; data: Uint8Array } {
  const encoder = new TextEncoder();
  const valueOffsets = new Int32Array(length + 1);
  const parts: Uint8Array[] = [];
  for (let i = 0; i < length; i++) {
    const value = list[i];
    const part = encoder.encode(typeof value === 'string' ? value : '');
    parts.push(part);
    valueOffsets[i + 1] = valueOffsets[i]! + part.length;
  }
  return { valueOffsets, data: Buffer.concat(parts) };
}
