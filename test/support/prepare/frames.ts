// Rows as frames and back: what the anonymiser takes and gives.
import * as arrow from 'apache-arrow';
import polars from 'nodejs-polars';
import type { LazyDataFrame } from 'nodejs-polars';
import { buildRecordBatch, rowsOf } from '../../../src/core/index.ts';
import type { AnyRow, RecordKind } from '../../../src/core/index.ts';
import type { AnonymizationPlan, FramePartition } from '../../../src/prepare/index.ts';

/** Rows as a frame of their kind. */
export function frameOf(kind: RecordKind, rows: readonly AnyRow[]): LazyDataFrame {
  const table = new arrow.Table(buildRecordBatch(kind, rows));
  return polars.readIPC(Buffer.from(arrow.tableToIPC(table, 'file'))).lazy();
}

/** Rows as partitions of so many rows. */
export function partitionsOf(kind: RecordKind, rows: readonly AnyRow[], size: number): FramePartition[] {
  return Array.from({ length: Math.ceil(rows.length / size) }, (_, i) => ({
    // Unknown sizes are not read together.
    maxRows: null,
    open: () => Promise.resolve(frameOf(kind, rows.slice(i * size, (i + 1) * size))),
  }));
}

/** What a plan releases of rows, which reach it in frames of so many, computed by Polars' one or other engine. */
export async function release(
  plan: AnonymizationPlan,
  kind: RecordKind,
  rows: readonly AnyRow[],
  { size = Math.max(1, rows.length), streaming = false } = {},
): Promise<AnyRow[]> {
  const released: AnyRow[] = [];
  for (const partition of partitionsOf(kind, rows, size)) {
    const frame = plan.applyFrame(await partition.open());
    const { batches } = arrow.tableFromIPC((await frame.collect({ streaming })).writeIPC());
    for (const batch of batches) released.push(...rowsOf(plan.kind, batch));
  }
  return released;
}
