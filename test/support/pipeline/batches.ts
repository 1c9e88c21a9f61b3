// Batches for tests of sources and sinks, and what is in them.
import * as arrow from 'apache-arrow';
import type { Batch, Source } from '../../../src/pipeline/index.ts';

const never = new AbortController().signal;

/** All batches of a source, which is closed. */
export async function readSource(source: Source, maxRows = 1000): Promise<arrow.Table> {
  const batches: Batch[] = [];
  try {
    let batch: Batch | null = null;
    while ((batch = await source.nextBatch(maxRows, never)) !== null) batches.push(batch);
  } finally {
    await source.close?.();
  }
  return batches.length === 0 ? new arrow.Table(source.schema) : new arrow.Table(batches);
}

/** Values of a column in order. */
export const valuesOf = (table: arrow.Table, name: string): unknown[] =>
  Array.from(table.getChild(name) ?? [], (value: unknown) =>
    value instanceof arrow.Vector ? [...value] : value,
  );

/** One batch of the given columns. */
export function batchOf(columns: Readonly<Record<string, arrow.Vector>>): Batch {
  return new arrow.Table(columns).batches[0]!;
}
