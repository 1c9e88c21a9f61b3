// Batches in smaller parts: little memory beside the batch while it is encoded.
import { viewEvents } from '../model/index.ts';
import type { EventBatch, TriggerColumns } from '../model/index.ts';

/** Triggers `start` to `end` as views. */
function viewTriggers({ t, id, value }: TriggerColumns, start: number, end: number): TriggerColumns {
  return {
    t: t.subarray(start, end),
    id: id.subarray(start, end),
    value: value.subarray(start, end),
    length: end - start,
  };
}

/** Parts of at most so many events; a trigger is in the part whose events are not earlier, the last ones in the last part. */
export function* cutBatch({ events, triggers }: EventBatch, maxEvents: number): Generator<EventBatch> {
  let trigger = 0;
  for (let from = 0; from === 0 || from < events.length; from += maxEvents) {
    const to = Math.min(events.length, from + maxEvents);
    const first = trigger;
    if (to === events.length) trigger = triggers.length;
    else while (trigger < triggers.length && triggers.t[trigger]! <= events.t[to - 1]!) trigger++;
    yield { events: viewEvents(events, from, to), triggers: viewTriggers(triggers, first, trigger) };
  }
}
