// What every decoder of words promises, in TypeScript or WebAssembly. A decoder knows bytes, not files: the text
// header stands before its first byte, and whoever reads the file decides how the bytes are cut.
import type { EventSlot, Geometry, Polarity, ReadCounts, TriggerSlot, WordFormat } from '../model/index.ts';

/** Options of a decoder. */
export interface DecoderOptions {
  /** @default the format's own, `DEFAULT_POLARITY` */
  readonly polarity?: Polarity;
  /** Sensor size; events outside it are counted. Without one nothing is outside. */
  readonly geometry?: Geometry | undefined;
  /** Leave out events outside the geometry (they are counted either way). @default false */
  readonly dropOutside?: boolean;
  /** What DAT records hold; the header of a DAT file says it. @default CD events, version 2 */
  readonly dat?: DatRecords | undefined;
  /** Go on where another decoder of the same format stood. @default the beginning of the data */
  readonly state?: Readonly<DecoderState> | undefined;
}

/** What the records of a DAT file are. */
export interface DatRecords {
  readonly kind: 'events' | 'triggers';
  /** 1: x in bits 8:0, y 16:9, p 17; 2: x 13:0, y 27:14, p 31:28. */
  readonly version: 1 | 2;
}

/**
 * Everything a decoder carries from one word to the next; plain numbers, so that it can be posted to a worker.
 * Fields a format has no use for stay 0.
 */
export interface DecoderState {
  /** A time word (in DAT: a record) has been read. */
  hasTime: boolean;
  /** Payload of the last TIME_HIGH (28 bits; EVT3: 12); DAT: t of the last record. */
  timeHigh: number;
  /** EVT3: t[11:0]. */
  timeLow: number;
  /** How often the clock has begun again since the beginning of the data (look-back: since the block). */
  wraps: number;
  /** EVT3: y of the row. */
  y: number;
  /** EVT3: x of the next vector word's bit 0. */
  baseX: number;
  /** EVT3: polarity of vectors, 0 or 1. */
  vectorPolarity: number;
  /** EVT4: a vector word whose mask word is still to come, else 0. */
  vectorWord: number;
  /** Bits of the word at the cut that are still to be given (see {@link BlockDecoder.decode}), else 0. */
  restMask: number;
}

/**
 * Turns bytes into events, in order, as they come.
 *
 * Cuts: any, down to one byte a call; a decoder keeps the bytes of an incomplete word itself, so all bytes are
 * consumed unless a slot fills up. Slots: any capacity from 1 up, smaller than a vector word's events included.
 */
export interface BlockDecoder {
  readonly format: WordFormat;
  /** Live; complete after {@link finish}. */
  readonly counts: Readonly<ReadCounts>;
  /**
   * Appends the events of `bytes` at `events.length` and moves it, triggers likewise.
   *
   * @param triggers undefined: triggers are counted, not stored
   * @returns bytes consumed: fewer than `bytes.length` only when a slot is full. Then empty the slots and call again
   *   with the rest (`bytes.subarray(consumed)`): a vector word whose events were given in part is not consumed, and the
   *   decoder goes on with its remaining bits.
   */
  decode(bytes: Uint8Array, events: EventSlot, triggers?: TriggerSlot): number;
  /** The state after the last whole word consumed: for a decoder that goes on elsewhere (without the bytes of a cut word). */
  state(): DecoderState;
  /** The data end here: bytes of a cut word are counted as truncated. Nothing is decoded afterwards. */
  finish(): ReadCounts;
}

/** Makes decoders; the TypeScript and the WebAssembly twins are two of these. */
export interface DecoderFactory {
  createDecoder(format: WordFormat, options?: DecoderOptions): BlockDecoder;
  /** A slot this factory's decoders fill fastest (WebAssembly: in its memory); they accept any. */
  createSlot(capacity: number): EventSlot;
}

/**
 * The state at the end of `before`, for decoding from there without what stands before it: `before` is whole words
 * directly in front of a block. Undefined when the answer lies further back: give more bytes, at last all from
 * the beginning of the data (`isStart`), which always has an answer. `wraps` counts from the last TIME_HIGH in
 * `before`, so it is 0: whoever joins blocks in order adds the wraps of all blocks before.
 */
export type LookBack = (format: WordFormat, before: Uint8Array, isStart: boolean) => DecoderState | undefined;
