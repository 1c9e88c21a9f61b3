// Batches of whole numbers that count up, so that a lost, doubled or misplaced row shows.
import * as arrow from 'apache-arrow';
import { buildBatch } from '../../../src/core/index.ts';
import type { Batch } from '../../../src/pipeline/index.ts';

export const numberSchema = new arrow.Schema([new arrow.Field('number', new arrow.Float64(), false)]);

/** One column of eight bytes a row. */
export function numberBatch(from: number, rows: number): Batch {
  const values = Float64Array.from({ length: rows }, (_, i) => from + i);
  return batchOf(values);
}

/** Over the memory that is given, if it is of such numbers. */
export function batchOf(values: Float64Array | readonly number[]): Batch {
  const column = arrow.makeData({
    type: new arrow.Float64(),
    length: values.length,
    nullCount: 0,
    data: values instanceof Float64Array ? values : Float64Array.from(values),
  });
  return buildBatch(numberSchema, values.length, [column]);
}

/** So many batches of so many rows. */
export function numberBatches(batches: number, rows: number): Batch[] {
  return Array.from({ length: batches }, (_, i) => numberBatch(i * rows, rows));
}

export function numbersOf(batches: readonly Batch[]): number[] {
  const valuesOf = ({ data, numRows }: Batch): Float64Array =>
    (data.children[0]!.values as Float64Array).subarray(0, numRows);
  return batches.flatMap((batch) => [...valuesOf(batch)]);
}

/** The numbers with so many columns of zeros beside them. */
export function padBatch(batch: Batch, columns: number): Batch {
  const padding = Array.from(
    { length: columns },
    (_, i) => new arrow.Field(`padding ${i}`, new arrow.Float64(), false),
  );
  const zeros = padding.map(() =>
    arrow.makeData({
      type: new arrow.Float64(),
      length: batch.numRows,
      nullCount: 0,
      data: new Float64Array(batch.numRows),
    }),
  );
  const schema = new arrow.Schema([...numberSchema.fields, ...padding]);
  return buildBatch(schema, batch.numRows, [batch.data.children[0]!, ...zeros]);
}
