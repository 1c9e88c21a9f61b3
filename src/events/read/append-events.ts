// Columns behind columns.
import type { EventColumns, EventSlot, TriggerColumns, TriggerSlot } from '../model/index.ts';

/** Copies events behind those of a slot. */
export function appendEvents(slot: EventSlot, { t, x, y, p, length }: EventColumns): void {
  slot.t.set(t.subarray(0, length), slot.length);
  slot.x.set(x.subarray(0, length), slot.length);
  slot.y.set(y.subarray(0, length), slot.length);
  slot.p.set(p.subarray(0, length), slot.length);
  slot.length += length;
}

/** Copies triggers behind those of a slot, as many as there is room for. @returns how many */
export function appendTriggers(
  slot: TriggerSlot,
  { t, id, value, length }: TriggerColumns,
  from: number,
): number {
  const count = Math.min(length - from, slot.capacity - slot.length);
  slot.t.set(t.subarray(from, from + count), slot.length);
  slot.id.set(id.subarray(from, from + count), slot.length);
  slot.value.set(value.subarray(from, from + count), slot.length);
  slot.length += count;
  return count;
}
