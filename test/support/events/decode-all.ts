// A whole reading through one decoder, cut and slotted as the caller likes: what tests compare.
import { createEventSlot, createTriggerSlot } from '../../../src/events/model/index.ts';
import type { EventSlot, ReadCounts } from '../../../src/events/model/index.ts';
import type { BlockDecoder } from '../../../src/events/decode/contract.ts';

/** Everything a decoder gave. */
export interface Decoded {
  readonly t: bigint[];
  readonly x: number[];
  readonly y: number[];
  readonly p: number[];
  readonly triggers: (readonly [bigint, number, number])[];
  readonly counts: ReadCounts;
}

/** How bytes are cut and events taken. */
export interface Cuts {
  /** Length of the next piece. */
  readonly nextPiece: () => number;
  readonly slot?: EventSlot;
  readonly triggerCapacity?: number;
}

/** Runs `bytes` through `decoder`. */
export function decodeAll(decoder: BlockDecoder, bytes: Uint8Array, cuts: Cuts): Decoded {
  const slot = cuts.slot ?? createEventSlot(4096);
  const triggers = createTriggerSlot(cuts.triggerCapacity ?? 64);
  const out: Omit<Decoded, 'counts'> = { t: [], x: [], y: [], p: [], triggers: [] };
  const empty = (): void => {
    for (let i = 0; i < slot.length; i++) {
      out.t.push(slot.t[i]!);
      out.x.push(slot.x[i]!);
      out.y.push(slot.y[i]!);
      out.p.push(slot.p[i]!);
    }
    for (let i = 0; i < triggers.length; i++) {
      out.triggers.push([triggers.t[i]!, triggers.id[i]!, triggers.value[i]!]);
    }
    slot.length = 0;
    triggers.length = 0;
  };
  for (let at = 0; at < bytes.length;) {
    let piece = bytes.subarray(at, Math.min(bytes.length, at + cuts.nextPiece()));
    at += piece.length;
    while (piece.length > 0) {
      const consumed = decoder.decode(piece, slot, triggers);
      if (consumed < piece.length && slot.length === 0 && triggers.length === 0 && consumed === 0) {
        throw new Error('The decoder neither consumes nor gives anything');
      }
      piece = piece.subarray(consumed);
      empty();
    }
  }
  return { ...out, counts: decoder.finish() };
}
