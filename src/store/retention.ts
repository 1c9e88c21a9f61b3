// Which segments are past their keep. Pure: removing them is history.ts.
import type { Segment } from './segment-files.ts';

/** How long and how much to keep. */
export interface RetentionLimits {
  readonly retainMs: number;
  readonly retainBytes: number;
}

/** Picks whole segments to remove: every one older than `retainMs`, then the oldest until the rest fits. */
export function selectExpired(
  segments: readonly Segment[],
  nowMs: number,
  { retainMs, retainBytes }: RetentionLimits,
): Segment[] {
  const oldestFirst = [...segments].sort((a, b) => a.toMs - b.toMs);
  let keptBytes = oldestFirst.reduce((sum, segment) => sum + segment.sizeBytes, 0);
  return oldestFirst.filter((segment) => {
    const expired = segment.toMs < nowMs - retainMs || keptBytes > retainBytes;
    if (expired) keptBytes -= segment.sizeBytes;
    return expired;
  });
}
