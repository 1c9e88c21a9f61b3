// Columns behind columns.
import type { EventColumns, EventSlot } from '../model/index.ts';

/** Copies events behind those of a slot. */
export function appendEvents(slot: EventSlot, { t, x, y, p, length }: EventColumns): void {
  slot.t.set(t.subarray(0, length), slot.length);
  slot.x.set(x.subarray(0, length), slot.length);
  slot.y.set(y.subarray(0, length), slot.length);
  slot.p.set(p.subarray(0, length), slot.length);
  slot.length += length;
}
