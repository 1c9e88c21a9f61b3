// A range of a table as one native plan.
import type { LazyDataFrame } from 'nodejs-polars';
import { loadPolars } from '../core/index.ts';
import type { HistoryKind, PartitionReader, TimeRange } from '../core/index.ts';

/** Plans the rows of a range, with their times as whole milliseconds in `atMs`; null where there is none. */
export async function openRange(
  history: PartitionReader,
  kind: HistoryKind,
  range: Required<TimeRange>,
): Promise<LazyDataFrame | null> {
  const partitions = await history.partitions(kind, range);
  if (partitions.length === 0) return null;
  const { col, concat, Float64, Int64 } = loadPolars();
  const frames: LazyDataFrame[] = [];
  for (const partition of partitions) frames.push(await partition.open());
  const rows = frames.length === 1 ? frames[0]! : concat(frames);
  return rows.withColumns(col('timestamp').cast(Int64).cast(Float64).alias('atMs'));
}
