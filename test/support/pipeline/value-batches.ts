// Batches of one column of numbers.
import * as arrow from 'apache-arrow';
import type { Batch } from '../../../src/pipeline/index.ts';

export const numberSchema = new arrow.Schema([new arrow.Field('value', new arrow.Float64(), false)]);

/** One batch of numbers, over the memory that is given. */
export function numberBatch(values: Float64Array | readonly number[]): Batch {
  const column = arrow.makeData({ type: new arrow.Float64(), data: Float64Array.from(values) });
  const type = new arrow.Struct(numberSchema.fields);
  const { length } = values;
  return new arrow.RecordBatch(
    numberSchema,
    arrow.makeData({ type, length, nullCount: 0, children: [column] }),
  );
}

/** The numbers of its first column. */
export const numbersOf = (batch: Batch | null): number[] | null =>
  batch && [...((batch.getChildAt(0)?.toArray() as Float64Array | undefined) ?? [])];
