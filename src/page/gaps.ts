// Where the history has no samples although it goes on: the daemon did not run, or could not sample. Found natively.
import type { LazyDataFrame } from 'nodejs-polars';
import { loadPolars } from '../core/index.ts';
import type { PageMark, PageSource } from './page-source.ts';

/** A pause of so many samples is one. */
const MISSING_SAMPLES = 10;
const MIN_GAP_MS = 5000;
/** The longest are told; more would be a picture of nothing else. */
const MAX_GAPS = 200;

/** Pauses that begin in a range. */
export async function readGaps(
  { history, intervalMs }: Pick<PageSource, 'history' | 'intervalMs'>,
  fromMs: number,
  toMs: number,
): Promise<PageMark[]> {
  const partitions = await history.partitions('memory', { fromMs, toMs });
  if (partitions.length === 0) return [];
  const { col, concat, Float64, Int64, lit } = loadPolars();
  const leastMs = Math.max(MIN_GAP_MS, MISSING_SAMPLES * intervalMs);
  const time = col('timestamp').cast(Int64);
  const frames: LazyDataFrame[] = [];
  for (const partition of partitions) frames.push((await partition.open()).select(time.alias('at')));
  const at = col('at');
  const found = await (frames.length === 1 ? frames[0]! : concat(frames))
    .select(at.cast(Float64), at.shift(-1).cast(Float64).alias('next'))
    .filter(col('next').minus(at).gt(lit(leastMs)))
    .sort(col('next').minus(at), true)
    .limit(MAX_GAPS)
    .collect();
  return (found.toRecords() as { at: number; next: number }[]).map(({ at: atMs, next }) => ({
    atMs,
    untilMs: next,
    kind: 'gap',
    text: `no samples for ${Math.round((next - atMs) / 1000)} s`,
    detail: { ms: next - atMs },
  }));
}
