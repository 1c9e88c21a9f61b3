// A time range of the history as a Polars LazyFrame: segments are scanned by Polars itself, rows that
// are not sealed yet join as a small in-memory Parquet. Polars is loaded on the first call only.
import type { LazyDataFrame } from 'nodejs-polars';
import type { AnyRow, RecordKind, TimeRange } from '../core/index.ts';
import { sortByTime } from './query.ts';
import type { Segment } from './segment-files.ts';

/**
 * Builds the frame over segments of the range. Its files must outlive it: collect it before retention removes them.
 * @returns all columns of the kind, in time order
 */
export async function buildLazyFrame(
  kind: RecordKind,
  segments: readonly Segment[],
  rows: readonly AnyRow[],
  { fromMs = -Infinity, toMs = Infinity }: TimeRange,
): Promise<LazyDataFrame> {
  const { default: pl } = await import('nodejs-polars');
  const timeMs = pl.col('timestamp').cast(pl.Int64);
  const frames = segments.map(({ path }) => pl.scanParquet(path));
  if (rows.length > 0 || frames.length === 0) {
    const { encodeSegment } = await import('./encode-segment.ts');
    frames.push(pl.readParquet(encodeSegment(kind, sortByTime(rows), [])).lazy());
  }
  let frame = frames.length === 1 ? frames[0]! : pl.concat(frames, { how: 'diagonal' });
  if (Number.isFinite(fromMs)) frame = frame.filter(timeMs.gtEq(pl.lit(fromMs)));
  if (Number.isFinite(toMs)) frame = frame.filter(timeMs.lt(pl.lit(toMs)));
  return frame.sort('timestamp');
}
