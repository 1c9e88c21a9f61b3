// What a history holds, in figures. Pure.
import type { KindHealth, KindLog } from './kind-log.ts';
import type { RetentionStats } from './retention-runner.ts';

/** Figures of one record kind. Times are null while there is no row. */
export interface KindStats {
  readonly rows: number;
  readonly segments: number;
  readonly sealedBytes: number;
  readonly walBytes: number;
  readonly firstMs: number | null;
  readonly lastMs: number | null;
  /** Sealed bytes a minute of history covered by segments; null before the first seal. */
  readonly bytesPerMinute: number | null;
  /** Rows dropped because the disk refused for too long. */
  readonly droppedRows: number;
}

/** Figures of a history. What retention removed counts since it was opened. */
export interface HistoryStats extends RetentionStats {
  readonly kinds: Readonly<Record<string, KindStats>>;
  readonly problems: number;
}

/** How writing goes: whether rows reach the disk, and what became of those that do not. */
export interface HistoryHealth {
  /** False while the disk refuses rows of any kind. */
  readonly isWriting: boolean;
  /** Why, when it does. */
  readonly problem: { readonly code: string; readonly message: string } | null;
  /** Since when, ms since the epoch. */
  readonly sinceMs: number | null;
  /** Rows that wait to be written; a few hundred milliseconds' worth while writing works. */
  readonly pendingRows: number;
  /** Rows given up since open because the disk refused for too long. */
  readonly droppedRows: number;
}

/** Builds the figures of one kind. */
export function buildKindStats(log: KindLog): KindStats {
  const { segments } = log.state;
  const unsealed = log.unsealedRows();
  const times = spanOf(segments, unsealed);
  const sealedBytes = sum(segments.map(({ sizeBytes }) => sizeBytes));
  const sealedMs = sum(segments.map(({ fromMs, toMs }) => toMs - fromMs));
  return {
    rows: sum(segments.map(({ rows }) => rows)) + unsealed.length,
    segments: segments.length,
    sealedBytes,
    walBytes: log.walBytes,
    ...times,
    bytesPerMinute: sealedMs > 0 ? (sealedBytes / sealedMs) * 60_000 : null,
    droppedRows: log.droppedRows,
  };
}

/** Joins what the logs say: the one that fails longest speaks for all. */
export function buildHealth(kinds: readonly KindHealth[]): HistoryHealth {
  const [first] = kinds.filter(({ problem }) => problem !== null).toSorted((a, b) => a.sinceMs! - b.sinceMs!);
  const { problem = null, sinceMs = null } = first ?? {};
  return {
    isWriting: !first,
    problem: problem && { code: problem.code, message: problem.message },
    sinceMs,
    pendingRows: sum(kinds.map(({ pendingRows }) => pendingRows)),
    droppedRows: sum(kinds.map(({ droppedRows }) => droppedRows)),
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** One pass without a list in between: tens of thousands of rows may wait, and every scrape asks. */
function spanOf(
  segments: KindLog['state']['segments'],
  rows: ReturnType<KindLog['unsealedRows']>,
): { firstMs: number | null; lastMs: number | null } {
  let first = Infinity;
  let last = -Infinity;
  for (const { fromMs, toMs } of segments) {
    first = Math.min(first, fromMs);
    last = Math.max(last, toMs);
  }
  for (const row of rows) {
    const at = Number(row['timestamp']);
    first = Math.min(first, at);
    last = Math.max(last, at);
  }
  return first <= last ? { firstMs: first, lastMs: last } : { firstMs: null, lastMs: null };
}
