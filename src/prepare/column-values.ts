// Columns of a batch by name, and text made anew. Numbers are core/columns.ts.
import * as arrow from 'apache-arrow';

/** The column of a batch. @throws TypeError when the batch has no such column */
export function columnOf(batch: arrow.RecordBatch, name: string): arrow.Data {
  const index = batch.schema.fields.findIndex((field) => field.name === name);
  if (index < 0) throw new TypeError(`Cannot read column "${name}": the batch has no such column`);
  return batch.data.children[index]!;
}

/** A utf8 column made value by value; `null` stays null. For columns of few rows. */
export function mapText(column: arrow.Data, change: (text: string) => string): arrow.Data {
  const vector = new arrow.Vector([column as arrow.Data<arrow.Utf8>]);
  const values = Array.from(vector, (text: string | null) => (text === null ? null : change(text)));
  if (values.length === 0) return column;
  return arrow.vectorFromArray(values, new arrow.Utf8()).data[0]!;
}
