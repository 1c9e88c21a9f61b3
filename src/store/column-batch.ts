// Decoded Parquet columns → one Arrow record batch of the kind's current schema. A column that an
// old file lacks reads as null, so a new version of a kind may only add nullable fields.
import type * as arrow from 'apache-arrow';
import { buildBatch, buildColumn, toArrowSchema } from '../core/index.ts';
import type { ColumnValues, Field, RecordKind } from '../core/index.ts';

/** Builds a record batch; `columns` maps names to values of equal length. */
export function buildColumnBatch(
  kind: RecordKind,
  columns: ReadonlyMap<string, ColumnValues>,
  length: number,
): arrow.RecordBatch {
  const schema = toArrowSchema(kind);
  const children = kind.fields.map((field, i) =>
    buildStored(
      field,
      schema.fields[i]!.type,
      columns.get(field.name) ?? Array.from({ length }, () => null),
      length,
    ),
  );
  return buildBatch(schema, length, children);
}

function buildStored(field: Field, type: arrow.DataType, values: ColumnValues, length: number): arrow.Data {
  const column = buildColumn(field.type, type, values, length);
  if (column.nullCount === 0 || field.nullable) return column;
  throw new TypeError(`its column "${field.name}" lacks ${column.nullCount} required values`);
}
