// The processes that held the most over a range, as native plans: which they are, then what each held in each bucket.
import type { PartitionReader } from '../core/index.ts';
import { planRange } from './plan-range.ts';
import { planSql } from './plan-sql.ts';
import type { Span } from './range-plan.ts';
import { stepOf } from './range-steps.ts';

/** What is asked. */
export interface ProcessQuestion extends Span {
  /** At most so many columns. */
  readonly buckets: number;
  /** So many processes. */
  readonly top: number;
}

/** One line a process; null where a bucket has no scan, 0 where a scan did not see the process. */
export interface ProcessAnswer {
  /** Starts of the buckets that have a scan, ms since the epoch. */
  readonly times: readonly number[];
  readonly processes: readonly {
    readonly pid: number;
    readonly name: string;
    readonly rssBytes: readonly (number | null)[];
  }[];
}

/** A scan has hundreds of rows: over a longer range nobody can wait for them. */
const MAX_RANGE_MS = 24 * 3_600_000;
const NONE: ProcessAnswer = { times: [], processes: [] };

interface Held {
  readonly at: number;
  readonly pid: number;
  readonly name: string;
  readonly kib: number;
}

/** Reads them; nothing for ranges of more than a day. */
export async function readProcesses(
  history: PartitionReader,
  { fromMs, toMs, buckets, top }: ProcessQuestion,
): Promise<ProcessAnswer> {
  if (toMs - fromMs > MAX_RANGE_MS) return NONE;
  const rows = await planRange(history, 'process', { fromMs, toMs });
  if (rows === null) return NONE;
  const stepMs = stepOf(toMs - fromMs, buckets, 1000);
  const inRange = `SELECT CAST(timestamp AS BIGINT) AS ms, pid, name, rss_kib FROM rows`;
  const timed = `WITH timed AS (SELECT FLOOR(CAST(ms AS DOUBLE) / ${stepMs}) * ${stepMs} AS at, pid, name, rss_kib
    FROM (${inRange}) WHERE ms >= ${fromMs} AND ms < ${toMs})`;
  const largest = await planSql(
    { rows },
    `${timed} SELECT pid, name, SUM(rss_kib) AS kib FROM timed GROUP BY pid, name ORDER BY kib DESC LIMIT ${top}`,
  ).collect();
  const shown = largest.toRecords() as Omit<Held, 'at'>[];
  if (shown.length === 0) return NONE;
  const pids = shown.map(({ pid }) => pid).join(', ');
  const [held, scans] = await Promise.all([
    planSql(
      { rows },
      `${timed} SELECT at, pid, name, CAST(MAX(rss_kib) AS DOUBLE) AS kib FROM timed
      WHERE pid IN (${pids}) GROUP BY at, pid, name`,
    ).collect(),
    planSql({ rows }, `${timed} SELECT DISTINCT at FROM timed ORDER BY at`).collect(),
  ]);
  const times = (scans.toRecords() as { at: number }[]).map(({ at }) => at);
  return {
    times,
    processes: shown.map((each) => lineOf(each, times, held.toRecords() as unknown as Held[])),
  };
}

function lineOf(
  { pid, name }: Omit<Held, 'at'>,
  times: readonly number[],
  held: readonly Held[],
): ProcessAnswer['processes'][number] {
  const own = new Map(
    held.filter((each) => each.pid === pid && each.name === name).map(({ at, kib }) => [at, kib * 1024]),
  );
  return { pid, name, rssBytes: times.map((at) => own.get(at) ?? 0) };
}
