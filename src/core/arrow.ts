// Rows ⇄ Arrow record batches, built from typed arrays (builders are 4× slower).
// Arrow columnar format: https://arrow.apache.org/docs/format/Columnar.html
import * as arrow from 'apache-arrow';
import type { AnyRow, Field, FieldType, RecordKind } from './fields.ts';

type TypedArray = BigInt64Array | BigUint64Array | Int32Array | Int8Array | Float32Array | Float64Array;

const arrowTypes: Record<FieldType, () => arrow.DataType> = {
  timestamp: () => new arrow.Timestamp(arrow.TimeUnit.MILLISECOND, 'UTC'),
  int64: () => new arrow.Int64(),
  uint64: () => new arrow.Uint64(),
  int32: () => new arrow.Int32(),
  int8: () => new arrow.Int8(),
  float32: () => new arrow.Float32(),
  float64: () => new arrow.Float64(),
  bool: () => new arrow.Bool(),
  utf8: () => new arrow.Utf8(),
};

const schemas = new WeakMap<RecordKind, arrow.Schema>();

/** The Arrow schema of a record kind, with kind, version and units as metadata. */
export function toArrowSchema(kind: RecordKind): arrow.Schema {
  const known = schemas.get(kind);
  if (known) return known;
  const fields = kind.fields.map(
    (field) =>
      new arrow.Field(field.name, arrowTypes[field.type](), field.nullable, new Map([['unit', field.unit]])),
  );
  const schema = new arrow.Schema(
    fields,
    new Map([
      ['ruvector.kind', kind.name],
      ['ruvector.version', String(kind.version)],
    ]),
  );
  schemas.set(kind, schema);
  return schema;
}

/** Builds one record batch from rows. Missing keys count as null; a null in a required field throws TypeError. */
export function buildRecordBatch(kind: RecordKind, rows: readonly AnyRow[]): arrow.RecordBatch {
  const schema = toArrowSchema(kind);
  const children = kind.fields.map((field) => buildColumn(field, rows));
  const data = arrow.makeData({
    type: new arrow.Struct(schema.fields),
    length: rows.length,
    nullCount: 0,
    children,
  });
  return new arrow.RecordBatch(schema, data);
}

/** Reads a record batch back into rows; int64 and timestamps become numbers, uint64 stays bigint. */
export function rowsOf(kind: RecordKind, batch: arrow.RecordBatch): AnyRow[] {
  const rows: AnyRow[] = Array.from({ length: batch.numRows }, () => ({}));
  for (const field of kind.fields) {
    const column = batch.getChild(field.name);
    for (let i = 0; i < rows.length; i++) {
      (rows[i] as AnyRow)[field.name] = column ? fromArrow(field.type, column.get(i)) : null;
    }
  }
  return rows;
}

function fromArrow(type: FieldType, value: unknown): AnyRow[string] {
  if (value === null || value === undefined) return null;
  return type === 'int64' ? Number(value) : (value as AnyRow[string]);
}

function buildColumn(field: Field, rows: readonly AnyRow[]): arrow.Data {
  const type = arrowTypes[field.type]();
  const values = rows.map((row) => row[field.name] ?? null);
  const { nullBitmap, nullCount } = buildValidity(field, values);
  const common = { length: rows.length, nullCount, nullBitmap: nullCount > 0 ? nullBitmap : null };
  if (field.type === 'utf8') {
    const { valueOffsets, data } = buildUtf8(values);
    return arrow.makeData({ type: type as arrow.Utf8, valueOffsets, data, ...common });
  }
  const data = field.type === 'bool' ? buildBits(values) : buildValues(field.type, values);
  return arrow.makeData({ type, data, ...common } as never);
}

type Values = readonly AnyRow[string][];

function buildValidity(field: Field, values: Values): { nullBitmap: Uint8Array; nullCount: number } {
  const nullBitmap = new Uint8Array(Math.ceil(values.length / 8));
  let nullCount = 0;
  for (let i = 0; i < values.length; i++) {
    if (values[i] === null) nullCount++;
    else nullBitmap[i >> 3]! |= 1 << (i & 7);
  }
  if (nullCount > 0 && !field.nullable) {
    throw new TypeError(
      `Cannot build column "${field.name}": ${nullCount} values are missing; it is required`,
    );
  }
  return { nullBitmap, nullCount };
}

function buildValues(type: FieldType, values: Values): TypedArray {
  switch (type) {
    case 'timestamp':
    case 'int64':
      return buildInt64(values);
    case 'uint64':
      return BigUint64Array.from(values, (value) => (value as bigint | null) ?? 0n);
    case 'int32':
      return fill(new Int32Array(values.length), values, 0);
    case 'int8':
      return fill(new Int8Array(values.length), values, 0);
    case 'float32':
      return fill(new Float32Array(values.length), values, Number.NaN);
    default:
      return fill(new Float64Array(values.length), values, Number.NaN);
  }
}

function fill<T extends Int32Array | Int8Array | Float32Array | Float64Array>(
  column: T,
  values: Values,
  missing: number,
): T {
  for (let i = 0; i < values.length; i++) column[i] = Number(values[i] ?? missing);
  return column;
}

/** Writes both halves of each integer by itself: going through BigInt is five times slower. */
function buildInt64(values: Values): BigInt64Array {
  const halves = new Int32Array(values.length * 2);
  for (let i = 0; i < values.length; i++) {
    const value = Math.round(Number(values[i] ?? 0));
    halves[2 * i] = value | 0;
    halves[2 * i + 1] = Math.floor(value / 2 ** 32);
  }
  return new BigInt64Array(halves.buffer);
}

function buildBits(values: Values): Uint8Array {
  const bits = new Uint8Array(Math.ceil(values.length / 8));
  for (let i = 0; i < values.length; i++) {
    if (values[i] === true) bits[i >> 3]! |= 1 << (i & 7);
  }
  return bits;
}

function buildUtf8(values: Values): { valueOffsets: Int32Array; data: Uint8Array } {
  const encoder = new TextEncoder();
  const parts = values.map((value) => encoder.encode(String(value ?? '')));
  const valueOffsets = new Int32Array(values.length + 1);
  parts.forEach((part, i) => (valueOffsets[i + 1] = valueOffsets[i]! + part.length));
  const data = new Uint8Array(valueOffsets[values.length]!);
  parts.forEach((part, i) => data.set(part, valueOffsets[i]));
  return { valueOffsets, data };
}

/** Encodes a schema as one IPC message, without the end-of-stream marker, so that batches may follow. */
export function encodeSchema(schema: arrow.Schema): Uint8Array {
  const stream = arrow.tableToIPC(new arrow.Table(schema), 'stream');
  const endOfStreamBytes = 8;
  return stream.slice(0, stream.length - endOfStreamBytes);
}
