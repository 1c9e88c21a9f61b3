// Small batches joined before they are written: a chunk size of one event would otherwise cost a write an event.
import { createEventSlot } from '../model/index.ts';
import type { EventBatch } from '../model/index.ts';
import { appendEvents, appendTriggers } from '../read/append-events.ts';
import { TriggerList } from '../read/fill-slot.ts';
import type { EventWriter } from './writer-contract.ts';

const COLLECTED_EVENTS = 65_536;
/** From so many events on a batch is written as it is. */
const LARGE_EVENTS = 16_384;

/** Writes what it has collected when it is much, and at the end. */
export function collectSmallBatches(writer: EventWriter): EventWriter {
  const events = createEventSlot(COLLECTED_EVENTS);
  let triggers = new TriggerList();
  const flush = async (): Promise<void> => {
    const batch = { events, triggers: triggers.columns };
    if (batch.events.length > 0 || batch.triggers.length > 0) await writer.write(batch);
    events.length = 0;
    triggers = new TriggerList();
  };
  const collect = ({ events: more, triggers: edges }: EventBatch): void => {
    appendEvents(events, more);
    for (let at = 0; at < edges.length;) at += appendTriggers(triggers.slot, edges, at);
  };
  return {
    format: writer.format,
    write: async (batch) => {
      if (batch.events.length >= LARGE_EVENTS) {
        await flush();
        await writer.write(batch);
        return;
      }
      if (events.length + batch.events.length > COLLECTED_EVENTS) await flush();
      collect(batch);
    },
    finish: async () => {
      await flush();
      return writer.finish();
    },
    abort: () => writer.abort(),
  };
}
