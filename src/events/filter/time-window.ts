// A window of time of events that are in order: two binary searches, whatever the number of events.
import { viewEvents } from '../model/index.ts';
import type { EventColumns } from '../model/index.ts';

/** Index of the first event at `t` or later, in events that are in order. */
export function findTime({ t, length }: EventColumns, wanted: bigint): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (t[middle]! < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Views of the events from `from` up to `to`, which is not part of it. The events are in order. */
export function viewTimeWindow(events: EventColumns, from: bigint, to: bigint): EventColumns {
  return viewEvents(events, findTime(events, from), findTime(events, to));
}

/** True when no event is earlier than the one before. */
export function isInOrder({ t, length }: EventColumns): boolean {
  for (let i = 1; i < length; i++) if (t[i]! < t[i - 1]!) return false;
  return true;
}
