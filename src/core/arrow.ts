// Record kinds as Arrow schemas, rows ⇄ record batches. How a column is built is columns.ts.
import * as arrow from 'apache-arrow';
import { buildBatch, buildColumn } from './columns.ts';
import type { AnyRow, Field, FieldType, RecordKind } from './fields.ts';
import { createValueReader } from './value-reader.ts';

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
  const columns = kind.fields.map((field, i) => buildRequired(field, schema.fields[i]!.type, rows));
  return buildBatch(schema, rows.length, columns);
}

/** Reads a record batch back into rows; int64 and timestamps become numbers, uint64 stays bigint. */
export function rowsOf(kind: RecordKind, batch: arrow.RecordBatch): AnyRow[] {
  const rows: AnyRow[] = Array.from({ length: batch.numRows }, () => ({}));
  for (const field of kind.fields) {
    const column = batch.getChild(field.name);
    const read = column && createValueReader(column);
    for (let i = 0; i < rows.length; i++) {
      (rows[i] as AnyRow)[field.name] = read ? fromArrow(field.type, read(i)) : null;
    }
  }
  return rows;
}

function fromArrow(type: FieldType, value: unknown): AnyRow[string] {
  if (value === null || value === undefined) return null;
  return type === 'int64' ? Number(value) : (value as AnyRow[string]);
}

function buildRequired(field: Field, type: arrow.DataType, rows: readonly AnyRow[]): arrow.Data {
  // Filled with null first, so that V8 keeps every list as one of objects: loops over lists of many kinds are slower.
  const values = rows.map((): unknown => null);
  for (let i = 0; i < rows.length; i++) values[i] = rows[i]![field.name];
  const column = buildColumn(field.type, type, values, rows.length);
  if (column.nullCount === 0 || field.nullable) return column;
  throw new TypeError(
    `Cannot build column "${field.name}": ${column.nullCount} values are missing; it is required`,
  );
}

/** Encodes a schema as one IPC message, without the end-of-stream marker, so that batches may follow. */
export function encodeSchema(schema: arrow.Schema): Uint8Array {
  const stream = arrow.tableToIPC(new arrow.Table(schema), 'stream');
  const endOfStreamBytes = 8;
  return stream.slice(0, stream.length - endOfStreamBytes);
}
