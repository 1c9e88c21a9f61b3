// What a history holds, in figures. Pure.
import type { KindLog } from './kind-log.ts';

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

/** Figures of a history. */
export interface HistoryStats {
  readonly kinds: Readonly<Record<string, KindStats>>;
  /** Segments removed by retention since open. */
  readonly removedSegments: number;
  readonly removedBytes: number;
  readonly problems: number;
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
