// How long each segment has lain in a history, by the history's own clock. Pure. Segments that older releases wrote
// do not say when they were sealed: for them the rows that came later are the evidence of the time they took.
import type { Segment } from './segment-files.ts';

/** A stretch may take this much longer than its rows at the usual pace, before it holds a step of the clock. */
const PACE_SLACK = 1.5;
/** The slowest sampling there is. */
const SLOWEST_PACE_MS = 10_000;

/**
 * Ages in milliseconds of all segments of a history.
 * @param kinds segments by record kind; `memory` is the kind that comes at a steady pace
 * @param nowMs reading of the history's clock
 */
export function agesOf(
  kinds: Readonly<Record<string, readonly Segment[]>>,
  nowMs: number,
): Map<Segment, number> {
  const { memory = [], ...others } = kinds;
  const ages = agesOfPaced(memory, nowMs);
  for (const segment of Object.values(others).flat()) {
    ages.set(segment, sealedAge(segment, nowMs) ?? ageBeside(segment, memory, ages));
  }
  return ages;
}

function sealedAge({ historyMs }: Segment, nowMs: number): number | null {
  return historyMs === undefined ? null : Math.max(0, nowMs - historyMs);
}

/** Newest first, by the order in which they were written: timestamps may run backwards. */
function agesOfPaced(segments: readonly Segment[], nowMs: number): Map<Segment, number> {
  const ages = new Map<Segment, number>();
  const paceMs = paceOf(segments);
  let laterMs = 0;
  for (const segment of segments.toSorted((a, b) => generationOf(b) - generationOf(a))) {
    const ageMs = sealedAge(segment, nowMs) ?? laterMs;
    ages.set(segment, ageMs);
    const spanMs = Math.min(segment.toMs - segment.fromMs, segment.rows * paceMs * PACE_SLACK);
    laterMs = Math.max(laterMs, ageMs + spanMs);
  }
  return ages;
}

const generationOf = ({ generations }: Segment): number => Math.max(0, ...generations);

/** The lower median, so that a step of the clock within some segments does not change it. */
function paceOf(segments: readonly Segment[]): number {
  const paces = segments
    .filter(({ rows }) => rows > 1)
    .map(({ fromMs, toMs, rows }) => (toMs - fromMs) / (rows - 1))
    .sort((a, b) => a - b);
  return Math.min(SLOWEST_PACE_MS, paces[(paces.length - 1) >> 1] ?? 0);
}

/** The youngest of the paced segments that it may have been written beside. */
function ageBeside(segment: Segment, paced: readonly Segment[], ages: ReadonlyMap<Segment, number>): number {
  const beside = paced.filter(({ fromMs }) => fromMs <= segment.toMs);
  const found = (beside.length > 0 ? beside : paced).map((each) => ages.get(each) ?? 0);
  return found.length === 0 ? 0 : beside.length > 0 ? Math.min(...found) : Math.max(...found);
}
