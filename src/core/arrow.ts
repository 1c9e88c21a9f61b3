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
  const { nullBitmap, nullCount } = buildValidity(field, rows);
  const common = { length: rows.length, nullCount, nullBitmap: nullCount > 0 ? nullBitmap : null };
  if (field.type === 'utf8') {
    const { valueOffsets, data } = buildUtf8(field, rows);
    return arrow.makeData({ type: type as arrow.Utf8, valueOffsets, data, ...common });
  }
  const data = field.type === 'bool' ? buildBits(field, rows) : buildValues(field, rows);
  return arrow.makeData({ type, data, ...common } as never);
}

function buildValidity(field: Field, rows: readonly AnyRow[]): { nullBitmap: Uint8Array; nullCount: number } {
  const nullBitmap = new Uint8Array(Math.ceil(rows.length / 8));
  let nullCount = 0;
  rows.forEach((row, i) => {
    if (row[field.name] === null || row[field.name] === undefined) nullCount++;
    else nullBitmap[i >> 3]! |= 1 << (i & 7);
  });
  if (nullCount > 0 && !field.nullable) {
    throw new TypeError(
      `Cannot build column "${field.name}": ${nullCount} values are missing; it is required`,
    );
  }
  return { nullBitmap, nullCount };
}

function buildValues(field: Field, rows: readonly AnyRow[]): TypedArray {
  const n = rows.length;
  switch (field.type) {
    case 'timestamp':
    case 'int64':
      return BigInt64Array.from({ length: n }, (_, i) =>
        BigInt(Math.round(Number(rows[i]![field.name] ?? 0))),
      );
    case 'uint64':
      return BigUint64Array.from({ length: n }, (_, i) => (rows[i]![field.name] as bigint | null) ?? 0n);
    case 'int32':
      return Int32Array.from({ length: n }, (_, i) => Number(rows[i]![field.name] ?? 0));
    case 'int8':
      return Int8Array.from({ length: n }, (_, i) => Number(rows[i]![field.name] ?? 0));
    case 'float32':
      return Float32Array.from({ length: n }, (_, i) => Number(rows[i]![field.name] ?? Number.NaN));
    default:
      return Float64Array.from({ length: n }, (_, i) => Number(rows[i]![field.name] ?? Number.NaN));
  }
}

function buildBits(field: Field, rows: readonly AnyRow[]): Uint8Array {
  const bits = new Uint8Array(Math.ceil(rows.length / 8));
  rows.forEach((row, i) => {
    if (row[field.name] === true) bits[i >> 3]! |= 1 << (i & 7);
  });
  return bits;
}

function buildUtf8(field: Field, rows: readonly AnyRow[]): { valueOffsets: Int32Array; data: Uint8Array } {
  const encoder = new TextEncoder();
  const parts = rows.map((row) => encoder.encode(String(row[field.name] ?? '')));
  const valueOffsets = new Int32Array(rows.length + 1);
  parts.forEach((part, i) => (valueOffsets[i + 1] = valueOffsets[i]! + part.length));
  const data = new Uint8Array(valueOffsets[rows.length]!);
  parts.forEach((part, i) => data.set(part, valueOffsets[i]));
  return { valueOffsets, data };
}
