// Which segments go now, which wait, and why. Pure: removing them is retention-runner.ts. Ages are those of the
// history's own clock (segment-ages.ts); the wall clock is looked at only to say what it alone would have removed.
import type { Segment } from './segment-files.ts';

/** How long and how much to keep. */
export interface RetentionLimits {
  readonly retainMs: number;
  readonly retainBytes: number;
}

/** Most of a kind's rows that one pass removes; its one oldest segment always may go. */
export const REMOVED_SHARE = 0.1;

/** Segments with their rows together. */
export interface SegmentCount {
  readonly segments: number;
  readonly rows: number;
}

/** One pass. */
export interface RetentionPlan {
  /** Past a limit, within the share of this pass. */
  readonly remove: readonly Segment[];
  /** Past a limit and left to later passes. */
  readonly later: SegmentCount;
  /** Old by the wall clock alone: they stay. */
  readonly unconfirmed: SegmentCount;
}

/** What a pass looks at. */
export interface RetentionInput {
  /** Segments by record kind. */
  readonly kinds: Readonly<Record<string, readonly Segment[]>>;
  readonly ages: ReadonlyMap<Segment, number>;
  readonly wallMs: number;
  readonly limits: RetentionLimits;
}

/** Plans one pass over a history. */
export function planRetention({ kinds, ages, wallMs, limits }: RetentionInput): RetentionPlan {
  const ageOf = (segment: Segment): number => ages.get(segment) ?? 0;
  const all = Object.values(kinds).flat();
  const expired = selectExpired(all, ageOf, limits);
  const remove = Object.values(kinds).flatMap((segments) => firstShare(segments, expired));
  const taken = new Set(remove);
  const unconfirmed = all.filter(
    (segment) => !expired.has(segment) && segment.toMs < wallMs - limits.retainMs,
  );
  return {
    remove,
    later: countOf([...expired].filter((segment) => !taken.has(segment))),
    unconfirmed: countOf(unconfirmed),
  };
}

/** Whole segments, oldest first: every one older than `retainMs`, then the oldest until the rest fits. */
function selectExpired(
  segments: readonly Segment[],
  ageOf: (segment: Segment) => number,
  { retainMs, retainBytes }: RetentionLimits,
): Set<Segment> {
  // Of equal age, as segments of one import are, the one with the older rows first.
  const oldestFirst = segments.toSorted((a, b) => ageOf(b) - ageOf(a) || a.toMs - b.toMs);
  let keptBytes = oldestFirst.reduce((sum, segment) => sum + segment.sizeBytes, 0);
  return new Set(
    oldestFirst.filter((segment) => {
      const isExpired = ageOf(segment) > retainMs || keptBytes > retainBytes;
      if (isExpired) keptBytes -= segment.sizeBytes;
      return isExpired;
    }),
  );
}

/** The oldest of a kind's expired segments, as many as one pass may take. */
function firstShare(segments: readonly Segment[], expired: ReadonlySet<Segment>): Segment[] {
  const own = new Set(segments);
  const mostRows = REMOVED_SHARE * countOf(segments).rows;
  let rows = 0;
  const oldestFirst = [...expired].filter((segment) => own.has(segment));
  return oldestFirst.filter((segment, i) => {
    rows += segment.rows;
    return i === 0 || rows <= mostRows;
  });
}

function countOf(segments: readonly Segment[]): SegmentCount {
  return { segments: segments.length, rows: segments.reduce((sum, { rows }) => sum + rows, 0) };
}
