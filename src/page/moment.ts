// Who held the memory at a moment: the row of memory, the scan of processes nearest to it, and the lines that read the same
// in a notebook. Native plans pick the rows; only those shown come into JavaScript.
import type { AnyRow, HistoryKind, PartitionReader } from '../core/index.ts';
import { toPageProcess } from './live-feed.ts';
import { valuesOf } from './page-fields.ts';
import { planRange } from './plan-range.ts';
import { planSql } from './plan-sql.ts';

/** What a moment is answered; nulls where the history holds nothing near it. */
export interface MomentAnswer {
  readonly atMs: number;
  readonly memoryAtMs: number | null;
  readonly memory: Readonly<Record<string, number | null>> | null;
  readonly processesAtMs: number | null;
  readonly processes: readonly Readonly<Record<string, unknown>>[];
  /** Time of the last real action before it; null without one. */
  readonly lastActionMs: number | null;
  readonly snippet: { readonly typescript: string; readonly python: string };
}

/** Processes shown. */
const MAX_PROCESSES = 50;
/** A sample or scan farther away says nothing of the moment; scans are 10 s apart unless told otherwise. */
const NEAR_MEMORY_MS = 15_000;
const NEAR_SCAN_MS = 90_000;

/** Reads a moment. */
export async function readMoment(history: PartitionReader, atMs: number): Promise<MomentAnswer> {
  const memory = await readNearest(history, 'memory', atMs, NEAR_MEMORY_MS, 2);
  const processes = await readNearest(history, 'process', atMs, NEAR_SCAN_MS, MAX_PROCESSES);
  const row = memory.rows.at(-1) ?? null;
  return {
    atMs,
    memoryAtMs: memory.atMs,
    memory: row && valuesOf(row, memory.rows.length > 1 ? memory.rows[0]! : null),
    processesAtMs: processes.atMs,
    processes: processes.rows.map(toPageProcess),
    lastActionMs: await readLastAction(history, atMs),
    snippet: snippetsOf(atMs),
  };
}

interface Nearest {
  readonly atMs: number | null;
  readonly rows: readonly AnyRow[];
}

/**
 * The rows of the time nearest to a moment: of processes the largest first, of memory with the row before it.
 */
async function readNearest(
  history: PartitionReader,
  kind: HistoryKind,
  atMs: number,
  nearMs: number,
  most: number,
): Promise<Nearest> {
  const rows = await planRange(history, kind, { fromMs: atMs - nearMs, toMs: atMs + nearMs + 1 });
  if (rows === null) return { atMs: null, rows: [] };
  const near = await planSql(
    { rows },
    'SELECT DISTINCT CAST(CAST(timestamp AS BIGINT) AS DOUBLE) AS ms FROM rows ORDER BY ms',
  ).collect();
  const times = near.getColumn('ms').toArray() as number[];
  if (times.length === 0) return { atMs: null, rows: [] };
  const nearest = times.reduce((best, each) => (Math.abs(each - atMs) < Math.abs(best - atMs) ? each : best));
  const first = kind === 'memory' ? (times[times.indexOf(nearest) - 1] ?? nearest) : nearest;
  const order = kind === 'memory' ? 'ms' : 'rss_kib DESC';
  const found = await planSql(
    { rows },
    `WITH timed AS (SELECT *, CAST(CAST(timestamp AS BIGINT) AS DOUBLE) AS ms FROM rows)
    SELECT * FROM timed WHERE ms >= ${first} AND ms <= ${nearest} ORDER BY ${order} LIMIT ${most}`,
  ).collect();
  const records = found.toRecords() as (AnyRow & { readonly ms: number })[];
  return { atMs: nearest, rows: records.map((row) => ({ ...row, timestamp: row.ms })) };
}

async function readLastAction(history: PartitionReader, atMs: number): Promise<number | null> {
  const rows = await planRange(history, 'optimization', { fromMs: 0, toMs: atMs });
  if (rows === null) return null;
  const text = `SELECT CAST(MAX(CAST(timestamp AS BIGINT)) AS DOUBLE) AS ms FROM rows WHERE mode = 'act' AND CAST(timestamp AS BIGINT) < ${atMs}`;
  const found = await planSql({ rows }, text).collect();
  return (found.getColumn('ms').toArray()[0] as number | null | undefined) ?? null;
}

/** The same moment in a notebook: two minutes around it, the scan with its names. */
function snippetsOf(atMs: number): MomentAnswer['snippet'] {
  const [from, to] = [atMs - 60_000, atMs + 60_000].map((ms) => new Date(ms).toISOString());
  return {
    typescript: `const then = await rv.collector.history({ table: 'process', from: '${from}', to: '${to}', anonymize: false });`,
    python: `then = client.stream("process", start="${from}", end="${to}", anonymize=False).read_all().to_pandas()`,
  };
}
