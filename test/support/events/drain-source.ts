// Sources of events read to their end, and bytes as what sources are fed with.
import type { ByteFeed, FeedDecoder } from '../../../src/events/feed/index.ts';
import { createEventSlot, createTriggerSlot } from '../../../src/events/model/index.ts';
import type { EventSlot, EventSource, TriggerSlot } from '../../../src/events/model/index.ts';

/** An event as a test writes it. */
export type EventRow = readonly [t: number | bigint, x: number, y: number, p: number];

/** A slot that holds rows. */
export function slotOf(rows: readonly EventRow[]): EventSlot {
  const slot = createEventSlot(Math.max(1, rows.length));
  for (const [i, [t, x, y, p]] of rows.entries()) {
    slot.t[i] = BigInt(t);
    slot.x[i] = x;
    slot.y[i] = y;
    slot.p[i] = p;
  }
  slot.length = rows.length;
  return slot;
}

/** The rows of a slot. */
export const rowsIn = ({ t, x, y, p, length }: EventSlot): [bigint, number, number, number][] =>
  Array.from({ length }, (_, i) => [t[i]!, x[i]!, y[i]!, p[i]!]);

/** The triggers of a slot. */
export const triggersIn = ({ t, id, value, length }: TriggerSlot): [bigint, number, number][] =>
  Array.from({ length }, (_, i) => [t[i]!, id[i]!, value[i]!]);

/** Reads a source to its end through slots of a size, and closes it. */
export async function drainSource(
  source: EventSource,
  capacity = 1000,
): Promise<{ rows: [bigint, number, number, number][]; triggers: [bigint, number, number][] }> {
  const rows: [bigint, number, number, number][] = [];
  const triggers: [bigint, number, number][] = [];
  const slot = createEventSlot(capacity);
  const triggerSlot = createTriggerSlot(2);
  try {
    for (let isMore = true; isMore;) {
      isMore = await source.fill(slot, triggerSlot);
      for (const row of rowsIn(slot)) rows.push(row);
      for (const trigger of triggersIn(triggerSlot)) triggers.push(trigger);
      slot.length = 0;
      triggerSlot.length = 0;
    }
  } finally {
    await source[Symbol.asyncDispose]();
  }
  return { rows, triggers };
}

/** Bytes in pieces of a size. */
export function feedOf(bytes: Uint8Array, pieceBytes: number = bytes.length, source = 'test'): ByteFeed {
  let at = 0;
  return {
    source,
    sizeBytes: bytes.length,
    get atByte() {
      return at;
    },
    async read(target) {
      const piece = bytes.subarray(at, at + Math.min(target.length, pieceBytes));
      target.set(piece);
      at += piece.length;
      return piece.length;
    },
    async [Symbol.asyncDispose]() {},
  };
}

/** Decodes bytes in pieces of a size through slots of a size, without a source. */
export function decodeFed(
  decoder: FeedDecoder,
  bytes: Uint8Array,
  pieceBytes = Math.max(1, bytes.length),
  capacity = 4096,
): [bigint, number, number, number][] {
  const rows: [bigint, number, number, number][] = [];
  const slot = createEventSlot(capacity);
  const take = (): void => {
    for (const row of rowsIn(slot)) rows.push(row);
    slot.length = 0;
  };
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    let rest = bytes.subarray(at, at + pieceBytes);
    while (rest.length > 0) {
      const used = decoder.decode(rest, slot);
      if (used === 0 && slot.length === 0) throw new Error(`the decoder of ${decoder.format} stands still`);
      rest = rest.subarray(used);
      take();
    }
  }
  while (!decoder.end(slot)) take();
  take();
  return rows;
}
