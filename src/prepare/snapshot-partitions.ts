// The snapshots of a history, decoded by Polars: only the columns that are computed with, as float64 with NaN for null,
// a stretch at a time and the next one while this one is worked on. JavaScript gets columns, never rows.
import * as arrow from 'apache-arrow';
import type { DataFrame, Expr, LazyDataFrame } from 'nodejs-polars';
import { loadPolars } from '../core/index.ts';
import type { HistoryPartition, Polars } from '../core/index.ts';
import { snapshotColumns } from './snapshot-columns.ts';

/** Rows that are decoded at once, 240 bytes each: fewer cost a scan more often, more cost memory. */
const STRETCH_ROWS = 16_384;

/** Reads partitions one after the other. */
export async function* readSnapshotBatches(
  partitions: readonly HistoryPartition[],
): AsyncGenerator<arrow.RecordBatch> {
  const polars = loadPolars();
  const columns = polars
    .cols(...snapshotColumns)
    .cast(polars.Float64)
    .fillNull(Number.NaN);
  const stretches = joinSmall(partitions);
  let next = begin(polars, columns, stretches[0]);
  for (let i = 0; i < stretches.length; i++) {
    const frame = await next;
    next = begin(polars, columns, stretches[i + 1]);
    if (frame) yield* arrow.tableFromIPC(frame.writeIPC()).batches;
  }
}

/** Partitions that follow each other, joined up to the size of a stretch. */
function joinSmall(partitions: readonly HistoryPartition[]): HistoryPartition[][] {
  const stretches: HistoryPartition[][] = [];
  let rows = Number.POSITIVE_INFINITY;
  for (const partition of partitions) {
    if (rows + partition.maxRows > STRETCH_ROWS) {
      stretches.push([]);
      rows = 0;
    }
    stretches.at(-1)!.push(partition);
    rows += partition.maxRows;
  }
  return stretches;
}

/** Starts decoding. One that is given up, because its reader was, may fail unheard. */
function begin(
  polars: Polars,
  columns: Expr,
  stretch: readonly HistoryPartition[] | undefined,
): Promise<DataFrame | null> {
  const decoded = stretch ? decode(polars, columns, stretch) : Promise.resolve(null);
  decoded.catch(() => undefined);
  return decoded;
}

async function decode(
  polars: Polars,
  columns: Expr,
  stretch: readonly HistoryPartition[],
): Promise<DataFrame> {
  const frames: LazyDataFrame[] = [];
  for (const partition of stretch) frames.push(await partition.open());
  return polars.concat(frames).select(columns).collect();
}
