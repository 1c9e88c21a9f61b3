// How the columns of a record kind are declared in Parquet: one table for segments and published files.
// Types only; bytes are written where they are needed.
import type { SchemaElement } from 'hyparquet';
import type { Field, FieldType } from './fields.ts';

const elementTypes: Record<FieldType, Omit<SchemaElement, 'name'>> = {
  timestamp: { type: 'INT64', logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MILLIS' } },
  int64: { type: 'INT64' },
  // hyparquet-writer's logical INTEGER type is refused by pyarrow and Polars; the older name is read by all.
  uint64: { type: 'INT64', converted_type: 'UINT_64' },
  int32: { type: 'INT32' },
  int8: { type: 'INT32', converted_type: 'INT_8' },
  float32: { type: 'FLOAT' },
  float64: { type: 'DOUBLE' },
  bool: { type: 'BOOLEAN' },
  utf8: { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } },
};

/** The Parquet schema of columns: the root, then one element a field. */
export function toParquetSchema(fields: readonly Field[]): SchemaElement[] {
  const elements = fields.map((field): SchemaElement => ({
    name: field.name,
    ...elementTypes[field.type],
    repetition_type: field.nullable ? 'OPTIONAL' : 'REQUIRED',
  }));
  return [{ name: 'root', num_children: fields.length }, ...elements];
}
