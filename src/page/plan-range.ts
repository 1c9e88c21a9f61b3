// The rows of a range of a table as one native plan.
import type { LazyDataFrame } from 'nodejs-polars';
import type { HistoryKind, PartitionReader, TimeRange } from '../core/index.ts';
import { joinFrames } from './range-plan.ts';

/** Plans them; null where there are none. */
export async function planRange(
  history: PartitionReader,
  kind: HistoryKind,
  range: Required<TimeRange>,
): Promise<LazyDataFrame | null> {
  const partitions = await history.partitions(kind, range);
  if (partitions.length === 0) return null;
  const frames: LazyDataFrame[] = [];
  for (const partition of partitions) frames.push(await partition.open());
  return joinFrames(frames);
}
