// Events as columns (structure of arrays), 13 bytes an event, and the slots that decoders fill. Not how a file
// stores them: decode/ and encode/ know that.

/** Events as four columns of one length; a decoder's slot is one too. `t` counts from the file's own zero. */
export interface EventColumns {
  /** Time in microseconds (nanoseconds where the reader says so). */
  readonly t: BigInt64Array;
  /** Column, 0 at the left. */
  readonly x: Uint16Array;
  /** Row, 0 at the top. */
  readonly y: Uint16Array;
  /** Polarity as {@link Polarity} asked for it: −1/1 or 0/1. */
  readonly p: Int8Array;
  /** Events held: the columns may be longer. */
  readonly length: number;
}

/** Edges of the camera's external trigger inputs, as columns of one length. */
export interface TriggerColumns {
  /** Time in microseconds. */
  readonly t: BigInt64Array;
  /** Which input. */
  readonly id: Uint8Array;
  /** 1 rising edge, 0 falling edge. */
  readonly value: Uint8Array;
  /** Triggers held: the columns may be longer. */
  readonly length: number;
}

/** Room for `capacity` events that a decoder appends to; whoever empties it sets `length` back to 0. */
export interface EventSlot extends EventColumns {
  /** `t` seen as pairs of u32, low word first: what decoders write, so that no event costs a BigInt. */
  readonly lanes: Uint32Array;
  readonly capacity: number;
  length: number;
}

/** Room for `capacity` triggers that a decoder appends to. */
export interface TriggerSlot extends TriggerColumns {
  /** `t` seen as pairs of u32, low word first. */
  readonly lanes: Uint32Array;
  readonly capacity: number;
  length: number;
}

/** Columns start at multiples of this many bytes, as Arrow wants its buffers. */
const COLUMN_ALIGNMENT_BYTES = 64;

const alignColumn = (bytes: number): number =>
  Math.ceil(bytes / COLUMN_ALIGNMENT_BYTES) * COLUMN_ALIGNMENT_BYTES;

/** Bytes that {@link createEventSlot} needs in a buffer for `capacity` events. */
export function eventSlotBytes(capacity: number): number {
  return alignColumn(capacity * 8) + 2 * alignColumn(capacity * 2) + alignColumn(capacity);
}

/**
 * An empty slot for `capacity` events; its columns t, x, y, p lie one after another in `buffer` from `byteOffset` on.
 *
 * @param buffer a slab (shared or not); a new buffer of exactly the needed size by default
 * @param byteOffset a multiple of 8
 */
export function createEventSlot(
  capacity: number,
  buffer: ArrayBufferLike = new ArrayBuffer(eventSlotBytes(capacity)),
  byteOffset = 0,
): EventSlot {
  const xAt = byteOffset + alignColumn(capacity * 8);
  const yAt = xAt + alignColumn(capacity * 2);
  return {
    t: new BigInt64Array(buffer, byteOffset, capacity),
    lanes: new Uint32Array(buffer, byteOffset, capacity * 2),
    x: new Uint16Array(buffer, xAt, capacity),
    y: new Uint16Array(buffer, yAt, capacity),
    p: new Int8Array(buffer, yAt + alignColumn(capacity * 2), capacity),
    capacity,
    length: 0,
  };
}

/** An empty slot for `capacity` triggers. */
export function createTriggerSlot(capacity: number): TriggerSlot {
  const t = new BigInt64Array(capacity);
  return {
    t,
    lanes: new Uint32Array(t.buffer),
    id: new Uint8Array(capacity),
    value: new Uint8Array(capacity),
    capacity,
    length: 0,
  };
}

/** Events `start` to `end` of `columns` as views of the same memory. */
export function viewEvents(columns: EventColumns, start = 0, end: number = columns.length): EventColumns {
  return {
    t: columns.t.subarray(start, end),
    x: columns.x.subarray(start, end),
    y: columns.y.subarray(start, end),
    p: columns.p.subarray(start, end),
    length: end - start,
  };
}

/** Events `start` to `end` of `columns` in memory of their own: what outlives a slot. */
export function copyEvents(columns: EventColumns, start = 0, end: number = columns.length): EventColumns {
  return {
    t: columns.t.slice(start, end),
    x: columns.x.slice(start, end),
    y: columns.y.slice(start, end),
    p: columns.p.slice(start, end),
    length: end - start,
  };
}
