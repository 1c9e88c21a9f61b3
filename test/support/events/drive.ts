// Runs a block decoder the way a reader of files does: bytes in pieces, slots emptied when they are full.
import { scriptDecoders } from '../../../src/events/decode/index.ts';
import type { BlockDecoder, DecoderOptions } from '../../../src/events/decode/index.ts';
import { createEventSlot, createTriggerSlot } from '../../../src/events/model/index.ts';
import type { EventSlot, ReadCounts, TriggerSlot, WordFormat } from '../../../src/events/model/index.ts';
import type { OracleEvent, OracleTrigger } from './oracle.ts';

/** How the bytes come and how much room there is. */
export interface Pieces {
  /** Length of each piece of the bytes, in turn; @default all at once */
  cuts?: readonly number[];
  /** Events a slot holds. @default 4096 */
  events?: number;
  /** Triggers a slot holds. @default 64 */
  triggers?: number;
  /** Let no piece begin at a multiple of a word in memory. @default false */
  isUnaligned?: boolean;
}

/** What a decoder gave in all. */
export interface Decoded {
  events: OracleEvent[];
  triggers: OracleTrigger[];
  counts: ReadCounts;
}

function empty(events: EventSlot, triggers: TriggerSlot, into: Omit<Decoded, 'counts'>): void {
  for (let at = 0; at < events.length; at++) {
    into.events.push({ t: events.t[at]!, x: events.x[at]!, y: events.y[at]!, p: events.p[at]! });
  }
  for (let at = 0; at < triggers.length; at++) {
    into.triggers.push({ t: triggers.t[at]!, id: triggers.id[at]!, value: triggers.value[at]! });
  }
  events.length = 0;
  triggers.length = 0;
}

/** @returns a copy of `bytes` that begins at an odd place in memory */
function misalign(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(bytes.length + 3).subarray(3);
  copy.set(bytes);
  return copy;
}

/** Feeds all of `bytes` to `decoder`, without finishing it. */
export function feed(decoder: BlockDecoder, bytes: Uint8Array, pieces: Pieces = {}): Omit<Decoded, 'counts'> {
  const events = createEventSlot(pieces.events ?? 4096);
  const triggers = createTriggerSlot(pieces.triggers ?? 64);
  const decoded: Omit<Decoded, 'counts'> = { events: [], triggers: [] };
  const cuts = pieces.cuts ?? [bytes.length];
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const piece = bytes.subarray(at, at + Math.max(1, cuts[turn % cuts.length]!));
    let rest = pieces.isUnaligned === true ? misalign(piece) : piece;
    at += piece.length;
    while (rest.length > 0) {
      const consumed = decoder.decode(rest, events, triggers);
      if (consumed === 0 && events.length < events.capacity && triggers.length < triggers.capacity) {
        throw new Error(`the decoder of ${decoder.format} stands still`);
      }
      empty(events, triggers, decoded);
      rest = rest.subarray(consumed);
    }
  }
  return decoded;
}

/** Decodes all of `bytes`; polarity 0/1 unless asked otherwise. */
export function decodeAll(
  format: WordFormat,
  bytes: Uint8Array,
  pieces: Pieces = {},
  options: DecoderOptions = {},
): Decoded {
  const decoder = scriptDecoders.createDecoder(format, { polarity: 'unsigned', ...options });
  const decoded = feed(decoder, bytes, pieces);
  return { ...decoded, counts: { ...decoder.finish() } };
}
