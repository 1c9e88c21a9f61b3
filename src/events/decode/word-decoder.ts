// What the decoders of all word formats share: cuts in the middle of words, unaligned bytes, and triggers. Words are
// read through typed arrays in the byte order of the host, which is little-endian like the formats.
import { createReadCounts, DEFAULT_POLARITY, WORD_BYTES } from '../model/index.ts';
import type { EventSlot, ReadCounts, TriggerSlot, WordFormat } from '../model/index.ts';
import type { BlockDecoder, DecoderOptions, DecoderState } from './contract.ts';

/** Bytes of an unaligned input that are moved into place at a time. */
const SCRATCH_BYTES = 65_536;

/** A coordinate no event reaches: the size of a sensor nobody declared. */
const NO_LIMIT = 65_536;

/** Room for triggers, where they are wanted. */
export type Triggers = TriggerSlot | undefined;

/** What becomes of an event's polarity and place. */
export interface EventRules {
  /** Value of an OFF event. */
  readonly off: number;
  /** What an ON event has more. */
  readonly step: number;
  readonly width: number;
  readonly height: number;
  readonly dropOutside: boolean;
}

function resolveRules(format: WordFormat, options: DecoderOptions): EventRules {
  const isSigned = (options.polarity ?? DEFAULT_POLARITY[format]) === 'signed';
  return {
    off: isSigned ? -1 : 0,
    step: isSigned ? 2 : 1,
    width: options.geometry?.width ?? NO_LIMIT,
    height: options.geometry?.height ?? NO_LIMIT,
    dropOutside: options.dropOutside ?? false,
  };
}

/** The state at the beginning of a stream. */
export function createDecoderState(): DecoderState {
  return {
    hasTime: false,
    timeHigh: 0,
    timeLow: 0,
    wraps: 0,
    y: 0,
    baseX: 0,
    vectorPolarity: 0,
    vectorWord: 0,
    restMask: 0,
  };
}

/** Gives whole, aligned words to {@link decodeWords}, however the bytes come. */
export abstract class WordDecoder<Words extends Uint16Array | Uint32Array> implements BlockDecoder {
  readonly format: WordFormat;
  readonly counts: ReadCounts = createReadCounts();
  protected readonly rules: EventRules;
  readonly #wordBytes: number;
  /** Elements of `Words` a word has. */
  readonly #wordElements: number;
  readonly #elementBytes: number;
  readonly #view: (buffer: ArrayBufferLike, byteOffset: number, length: number) => Words;
  readonly #cutWord: Uint8Array;
  #cutBytes = 0;
  #scratch: Uint8Array | undefined;

  constructor(
    format: WordFormat,
    options: DecoderOptions,
    view: (buffer: ArrayBufferLike, byteOffset: number, length: number) => Words,
  ) {
    this.format = format;
    this.rules = resolveRules(format, options);
    this.#wordBytes = WORD_BYTES[format];
    this.#elementBytes = format === 'evt3' ? 2 : 4;
    this.#wordElements = this.#wordBytes / this.#elementBytes;
    this.#view = view;
    this.#cutWord = new Uint8Array(this.#wordBytes);
  }

  /**
   * Decodes whole words.
   * @returns elements of `words` done: fewer only when a slot is full
   */
  protected abstract decodeWords(words: Words, events: EventSlot, triggers: Triggers): number;

  abstract state(): DecoderState;

  decode(bytes: Uint8Array, events: EventSlot, triggers?: TriggerSlot): number {
    const before = events.length;
    const consumed = this.#decodeBytes(bytes, events, triggers);
    this.counts.events += events.length - before;
    return consumed;
  }

  #decodeBytes(bytes: Uint8Array, events: EventSlot, triggers: Triggers): number {
    let at = 0;
    if (this.#cutBytes > 0) {
      at = Math.min(this.#wordBytes - this.#cutBytes, bytes.length);
      this.#cutWord.set(bytes.subarray(0, at), this.#cutBytes);
      if (this.#cutBytes + at === this.#wordBytes) {
        const word = this.#view(this.#cutWord.buffer, 0, this.#wordElements);
        if (this.decodeWords(word, events, triggers) === 0) return 0;
        this.#cutBytes = 0;
      } else this.#cutBytes += at;
    }
    const end = bytes.length - ((bytes.length - at) % this.#wordBytes);
    while (at < end) {
      const words = this.#alignWords(bytes, at, end);
      const done = this.decodeWords(words, events, triggers);
      at += done * this.#elementBytes;
      if (done < words.length) return at;
    }
    // Fewer bytes than a word are left, and none were kept before, or no bytes are left.
    if (at < bytes.length) {
      this.#cutWord.set(bytes.subarray(at));
      this.#cutBytes = bytes.length - at;
    }
    return bytes.length;
  }

  #alignWords(bytes: Uint8Array, at: number, end: number): Words {
    const byteOffset = bytes.byteOffset + at;
    if (byteOffset % this.#elementBytes === 0) {
      return this.#view(bytes.buffer, byteOffset, (end - at) / this.#elementBytes);
    }
    this.#scratch ??= new Uint8Array(SCRATCH_BYTES);
    const length = Math.min(end - at, SCRATCH_BYTES);
    this.#scratch.set(bytes.subarray(at, at + length));
    return this.#view(this.#scratch.buffer, 0, length / this.#elementBytes);
  }

  finish(): ReadCounts {
    this.counts.truncatedBytes += this.#cutBytes;
    this.#cutBytes = 0;
    return this.counts;
  }
}

/** True when `triggers` is to hold another one and cannot. */
export function isTriggerSlotFull(triggers: Triggers): boolean {
  return triggers !== undefined && triggers.length >= triggers.capacity;
}

/** Appends a trigger to a slot that is not full. @param lo, hi lanes of t */
export function appendTrigger(triggers: Triggers, lo: number, hi: number, id: number, value: number): void {
  if (triggers === undefined) return;
  const at = triggers.length++;
  triggers.lanes[2 * at] = lo;
  triggers.lanes[2 * at + 1] = hi;
  triggers.id[at] = id;
  triggers.value[at] = value;
}
