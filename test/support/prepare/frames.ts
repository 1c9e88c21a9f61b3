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

/** Rows as partitions of about so many rows; like those of a history, they cut no rows of one time apart. */
export function partitionsOf(kind: RecordKind, rows: readonly AnyRow[], size: number): FramePartition[] {
  const partitions: FramePartition[] = [];
  for (let from = 0, to = size; from < rows.length; from = to, to += size) {
    while (to < rows.length && rows[to]!['timestamp'] === rows[to - 1]!['timestamp']) to++;
    const part = frameOf(kind, rows.slice(from, to));
    // Those whose size nobody knows are read one by one.
    partitions.push({ maxRows: null, open: () => Promise.resolve(part) });
  }
  return partitions;
}

/** What a plan releases of rows, which reach it in frames of so many, computed by Polars' one or other engine. */
export async function release(
  plan: AnonymizationPlan,
  kind: RecordKind,
  rows: readonly AnyRow[],
  { size = Math.max(1, rows.length), streaming = false } = {},
): Promise<AnyRow[]> {
  const released: AnyRow[] = [];
  for (let from = 0; from < rows.length; from += size) {
    const frame = plan.applyFrame(frameOf(kind, rows.slice(from, from + size)));
    const { batches } = arrow.tableFromIPC((await frame.collect({ streaming })).writeIPC());
    for (const batch of batches) released.push(...rowsOf(plan.kind, batch));
  }
  return released;
}
