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

/** Plain loops: TypedArray.from with a function is ten times slower, and this is most of reading a history. */
function buildNumbers({ type }: Field, list: ColumnValues, length: number): ArrayBufferView {
  if (type === 'timestamp' || type === 'int64') return fillBigints(new BigInt64Array(length), list);
  if (type === 'uint64') return fillBigints(new BigUint64Array(length), list);
  if (type === 'int32') return fillNumbers(new Int32Array(length), list, 0);
  if (type === 'int8') return fillNumbers(new Int8Array(length), list, 0);
  if (type === 'float32') return fillNumbers(new Float32Array(length), list, Number.NaN);
  return fillNumbers(new Float64Array(length), list, Number.NaN);
}

function fillBigints<A extends BigInt64Array | BigUint64Array>(values: A, list: ColumnValues): A {
  for (let i = 0; i < values.length; i++) {
    const value = list[i];
    if (typeof value === 'bigint') values[i] = value;
    else if (typeof value === 'number') values[i] = BigInt(value);
  }
  return values;
}

function fillNumbers<A extends Int8Array | Int32Array | Float32Array | Float64Array>(
  values: A,
  list: ColumnValues,
  missing: number,
): A {
  for (let i = 0; i < values.length; i++) {
    const value = list[i];
    values[i] = typeof value === 'number' ? value : Number(value ?? missing);
  }
  return values;
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
  // Names repeat: a host has some hundred of them, a segment tens of thousands of rows.
  const known = new Map<unknown, Uint8Array>();
  const valueOffsets = new Int32Array(length + 1);
  const parts: Uint8Array[] = [];
  for (let i = 0; i < length; i++) {
    const value = list[i];
    let part = known.get(value);
    if (!part) known.set(value, (part = encoder.encode(typeof value === 'string' ? value : '')));
    parts.push(part);
    valueOffsets[i + 1] = valueOffsets[i]! + part.length;
  }
  return { valueOffsets, data: Buffer.concat(parts) };
}
