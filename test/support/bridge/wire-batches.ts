// Small record batches and a counting source for the wire tests.
import * as arrow from 'apache-arrow';
import type { OpenedBatches, BatchFeed } from '../../../src/bridge/index.ts';

export const columnsSchema = new arrow.Schema([
  new arrow.Field('index', new arrow.Int32(), false),
  new arrow.Field('value', new arrow.Float32(), true),
]);

/** A batch whose `index` column holds `first`, `first + 1`, ... */
export function buildCountingBatch(first: number, rows: number): arrow.RecordBatch {
  const index = Int32Array.from({ length: rows }, (_, i) => first + i);
  const value = Float32Array.from(index, (i) => i / 2);
  return buildFlatBatch(columnsSchema, [index, value], rows);
}

/** A batch over typed arrays without nulls. */
export function buildFlatBatch(
  schema: arrow.Schema,
  columns: readonly (Int32Array | Float32Array | Float64Array)[],
  rows: number,
): arrow.RecordBatch {
  const children = schema.fields.map((field, i) =>
    arrow.makeData({ type: field.type, length: rows, nullCount: 0, data: columns[i] } as never),
  );
  const data = arrow.makeData({
    type: new arrow.Struct(schema.fields),
    length: rows,
    nullCount: 0,
    children,
  });
  return new arrow.RecordBatch(schema, data);
}

/** Counts what a source was asked for. */
export interface CountingFeed extends BatchFeed {
  opened: number;
  returned: number;
  produced: number;
}

/**
 * Streams `{ batches, rows }` of parameters as counting batches; endless without `batches`. With `growth` each batch
 * has so many times the rows of the one before, from `rows` on.
 */
export function buildCountingFeed(): CountingFeed {
  const source: CountingFeed = {
    opened: 0,
    returned: 0,
    produced: 0,
    async open(params): Promise<OpenedBatches> {
      const { batches, rows, growth } = params as { batches?: number | null; rows: number; growth?: number };
      const last = batches ?? Number.POSITIVE_INFINITY;
      source.opened++;
      async function* produce(): AsyncGenerator<arrow.RecordBatch> {
        let first = 0;
        try {
          for (let i = 0; i < last; i++) {
            source.produced++;
            const count = Math.floor(rows * (growth ?? 1) ** i);
            yield buildCountingBatch(first, count);
            first += count;
          }
        } finally {
          source.returned++;
        }
      }
      return { schema: columnsSchema, meta: { batches: batches ?? null }, batches: produce() };
    },
  };
  return source;
}
