// Slots that are filled from a source to the last place, so that a batch has as many events as was asked for wherever
// the file was cut.
import { createTriggerSlot } from '../model/index.ts';
import type { EventSlot, EventSource, TriggerColumns, TriggerSlot } from '../model/index.ts';

const FEWEST_TRIGGERS = 64;

/** Triggers of which nobody knows how many come: its slot grows. */
export class TriggerList {
  #slot: TriggerSlot = createTriggerSlot(FEWEST_TRIGGERS);

  /** With room for one trigger at least. */
  get slot(): TriggerSlot {
    const { length, capacity } = this.#slot;
    if (length < capacity) return this.#slot;
    const larger = createTriggerSlot(capacity * 2);
    larger.t.set(this.#slot.t);
    larger.id.set(this.#slot.id);
    larger.value.set(this.#slot.value);
    larger.length = length;
    this.#slot = larger;
    return larger;
  }

  /** All so far, as views. */
  get columns(): TriggerColumns {
    const { t, id, value, length } = this.#slot;
    return {
      t: t.subarray(0, length),
      id: id.subarray(0, length),
      value: value.subarray(0, length),
      length,
    };
  }
}

/**
 * Fills a slot to its capacity.
 * @param onPart called between the parts, for progress
 * @returns false when the source has nothing left
 * @throws what the source throws; the signal's reason
 */
export async function fillSlot(
  source: EventSource,
  slot: EventSlot,
  triggers: TriggerList | undefined,
  signal?: AbortSignal,
  onPart?: () => void,
): Promise<boolean> {
  let isMore = true;
  while (isMore && slot.length < slot.capacity) {
    signal?.throwIfAborted();
    isMore = await source.fill(slot, triggers?.slot, signal);
    onPart?.();
  }
  return isMore;
}
