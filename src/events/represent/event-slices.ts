// Stretches of a recording that become one frame each: by time or by number of events, or the recording in equal parts.
// The rules are Tonic's (tonic/slicers.py), for events in order of time.
import { findTime } from '../filter/index.ts';
import { eventOptionsError } from '../model/index.ts';
import type { EventColumns } from '../model/index.ts';

/** Exactly one of the first four. */
export interface SliceOptions {
  /** Length of a slice in units of t. */
  readonly timeWindow?: number;
  /** Events of a slice. */
  readonly eventCount?: number;
  /** So many slices of equal time. */
  readonly timeBins?: number;
  /** So many slices of equally many events. */
  readonly eventBins?: number;
  /** With `timeWindow` or `eventCount`: how much a slice shares with the next, in the same unit. @default 0 */
  readonly overlap?: number;
  /** With `timeWindow` or `eventCount`: one more slice for what is left at the end. @default false */
  readonly includeIncomplete?: boolean;
}

/** Events `start` to `end` of a recording. */
export interface EventSlice {
  readonly start: number;
  readonly end: number;
}

const KINDS = ['timeWindow', 'eventCount', 'timeBins', 'eventBins'] as const;

/** Cuts events that are in order. @throws RuvectorError `ERR_EVENTS_OPTIONS` */
export function sliceEvents(events: EventColumns, options: SliceOptions): EventSlice[] {
  const kinds = KINDS.filter((kind) => options[kind] !== undefined);
  if (kinds.length !== 1) {
    const named = kinds.join(', ') || 'none';
    throw eventOptionsError(
      'slices',
      named,
      'exactly one way to cut is needed',
      `give one of ${KINDS.join(', ')}`,
    );
  }
  const kind = kinds[0]!;
  const size = options[kind]!;
  const overlap = options.overlap ?? 0;
  if (!Number.isSafeInteger(size) || size < 1) {
    throw eventOptionsError(kind, size, 'it is no size', 'give a whole number of at least 1');
  }
  if (!Number.isSafeInteger(overlap) || overlap < 0 || overlap >= size) {
    throw eventOptionsError('overlap', overlap, 'slices would not move on', `give 0 to ${String(size - 1)}`);
  }
  if (events.length === 0) return [];
  const cut = { size, stride: size - overlap, includeIncomplete: options.includeIncomplete ?? false };
  if (kind === 'timeWindow') return cutByTime(events, cut);
  if (kind === 'eventCount') return cutByCount(events, cut);
  return kind === 'timeBins' ? cutTimeBins(events, size) : cutEventBins(events, size);
}

interface Cut {
  readonly size: number;
  readonly stride: number;
  readonly includeIncomplete: boolean;
}

/** Slices of `size` that fit into `whole`. */
function countSlices(whole: number, { size, stride, includeIncomplete }: Cut): number {
  const more = (whole - size) / stride;
  return (includeIncomplete ? Math.ceil(more) : Math.floor(more)) + 1;
}

function cutByTime(events: EventColumns, cut: Cut): EventSlice[] {
  const first = events.t[0]!;
  const duration = Number(events.t[events.length - 1]! - first);
  return Array.from({ length: Math.max(1, countSlices(duration, cut)) }, (_, i) => {
    const from = first + BigInt(i * cut.stride);
    return { start: findTime(events, from), end: findTime(events, from + BigInt(cut.size)) };
  });
}

function cutByCount({ length }: EventColumns, cut: Cut): EventSlice[] {
  const whole = Math.min(cut.size, length);
  return Array.from({ length: countSlices(length, { ...cut, size: whole }) }, (_, i) => ({
    start: i * cut.stride,
    end: Math.min(length, i * cut.stride + whole),
  }));
}

function cutTimeBins(events: EventColumns, bins: number): EventSlice[] {
  const first = events.t[0]!;
  const width = (events.t[events.length - 1]! - first) / BigInt(bins);
  return Array.from({ length: bins }, (_, i) => ({
    start: findTime(events, first + BigInt(i) * width),
    end: findTime(events, first + BigInt(i + 1) * width),
  }));
}

function cutEventBins({ length }: EventColumns, bins: number): EventSlice[] {
  const count = Math.floor(length / bins);
  return Array.from({ length: bins }, (_, i) => ({ start: i * count, end: (i + 1) * count }));
}
