// Where the history has no samples although it goes on: the daemon did not run, or could not sample. Found natively.
import { loadPolars } from '../core/index.ts';
import { openRange } from './open-range.ts';
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
  const rows = await openRange(history, 'memory', { fromMs, toMs });
  if (rows === null) return [];
  const { col, lit } = loadPolars();
  const leastMs = Math.max(MIN_GAP_MS, MISSING_SAMPLES * intervalMs);
  const [at, next] = [col('atMs'), col('next')];
  const found = await rows
    .select(at, at.shift(-1).alias('next'))
    .filter(next.minus(at).gt(lit(leastMs)))
    .sort(next.minus(at), true)
    .limit(MAX_GAPS)
    .collect();
  return (found.toRecords() as { atMs: number; next: number }[]).map(({ atMs, next: untilMs }) => ({
    id: `gap-${atMs}`,
    atMs,
    untilMs,
    kind: 'gap',
    text: `no samples for ${Math.round((untilMs - atMs) / 1000)} s`,
    detail: { ms: untilMs - atMs },
  }));
}
