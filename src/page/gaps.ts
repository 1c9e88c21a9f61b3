// Where the history has no samples although it goes on: the daemon did not run, or could not sample. Found natively.
import type { PartitionReader } from '../core/index.ts';
import { planRange } from './plan-range.ts';
import type { Span } from './range-plan.ts';
import { planSql } from './plan-sql.ts';
import type { PageMark } from './page-source.ts';

/** A pause of so many samples is one. */
const MISSING_SAMPLES = 10;
const MIN_GAP_MS = 5000;
/** The longest are told; more would be a picture of nothing else. */
const MAX_GAPS = 200;

/** Pauses that begin in a range. */
export async function readGaps(
  history: PartitionReader,
  { fromMs, toMs }: Span,
  intervalMs: number,
): Promise<PageMark[]> {
  const rows = await planRange(history, 'memory', { fromMs, toMs });
  if (rows === null) return [];
  const leastMs = Math.max(MIN_GAP_MS, MISSING_SAMPLES * intervalMs);
  const found = await planSql(
    { rows },
    `WITH timed AS (SELECT CAST(timestamp AS BIGINT) AS ms FROM rows),
      paused AS (SELECT ms AS untilMs, ms - LAG(ms) OVER (ORDER BY ms) AS pauseMs FROM timed)
    SELECT CAST(untilMs AS DOUBLE) AS untilMs, CAST(pauseMs AS DOUBLE) AS pauseMs FROM paused
    WHERE pauseMs > ${leastMs} ORDER BY pauseMs DESC LIMIT ${MAX_GAPS}`,
  ).collect();
  return (found.toRecords() as { untilMs: number; pauseMs: number }[]).map(({ untilMs, pauseMs }) => ({
    id: `gap-${untilMs - pauseMs}`,
    atMs: untilMs - pauseMs,
    untilMs,
    kind: 'gap',
    text: `no samples for ${Math.round(pauseMs / 1000)} s`,
    detail: { ms: pauseMs },
  }));
}
