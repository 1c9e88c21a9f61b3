// The decoders of decode/ by kernels: the same contract, the same events and counts. Inputs and slots elsewhere than in
// the kernels' memory are copied, block by block.
import { createReadCounts, WORD_BYTES } from '../model/index.ts';
import type { EventSlot, ReadCounts, TriggerSlot, WordFormat } from '../model/index.ts';
import type { BlockDecoder, DecoderOptions, DecoderState } from '../decode/index.ts';
import type { KernelMemory, Kernels } from './kernel-memory.ts';
import { TABLES_AT } from './kernel-memory.ts';
import {
  endVector,
  readDecoderState,
  STATE_BYTES,
  takeResults,
  writeSlots,
  writeStart,
} from './kernel-state.ts';

/** Inputs are taken in blocks that stay in the cache together with the events they give. */
const BLOCK_BYTES = 131_072;
const BOUNCE_EVENTS = 16_384;
const BOUNCE_TRIGGERS = 1024;

const KERNEL_OF = {
  evt2: 'decodeEvt2',
  evt21: 'decodeEvt21',
  'evt21-legacy': 'decodeEvt21',
  evt3: 'decodeEvt3',
  evt4: 'decodeEvt4',
  dat: 'decodeDat',
} as const satisfies Record<WordFormat, keyof Kernels>;

/** A decoder whose words the kernels decode. */
export class KernelDecoder implements BlockDecoder {
  readonly format: WordFormat;
  readonly counts: ReadCounts = createReadCounts();
  readonly #options: DecoderOptions;
  readonly #memory: KernelMemory;
  readonly #kernel: (state: number, input: number, bytes: number) => number;
  readonly #stateAt: number;
  readonly #words: Uint32Array;
  readonly #wordBytes: number;
  readonly #cutWord: Uint8Array;
  #cutBytes = 0;
  #staging: Uint8Array | undefined;
  #events: EventSlot | undefined;
  #triggers: TriggerSlot | undefined;

  constructor(memory: KernelMemory, format: WordFormat, options: DecoderOptions = {}) {
    this.format = format;
    this.#options = options;
    this.#memory = memory;
    this.#kernel = memory.kernels[KERNEL_OF[format]];
    this.#wordBytes = WORD_BYTES[format];
    this.#stateAt = memory.allocate(STATE_BYTES + 64);
    this.#words = new Uint32Array(memory.buffer, this.#stateAt, STATE_BYTES / 4);
    this.#cutWord = new Uint8Array(memory.buffer, this.#stateAt + STATE_BYTES, this.#wordBytes);
    writeStart(this.#words, format, options, TABLES_AT);
  }

  decode(bytes: Uint8Array, events: EventSlot, triggers?: TriggerSlot): number {
    let at = 0;
    if (this.#cutBytes > 0) {
      at = Math.min(this.#wordBytes - this.#cutBytes, bytes.length);
      this.#cutWord.set(bytes.subarray(0, at), this.#cutBytes);
      if (this.#cutBytes + at < this.#wordBytes) {
        this.#cutBytes += at;
        return at;
      }
      if (this.#decodeHere(this.#cutWord, events, triggers) === 0) return 0;
      this.#cutBytes = 0;
    }
    const end = bytes.length - ((bytes.length - at) % this.#wordBytes);
    while (at < end) {
      const block = bytes.subarray(at, Math.min(end, at + BLOCK_BYTES));
      const done = this.#decodeHere(this.#reach(block), events, triggers);
      at += done;
      if (done < block.length) return at;
    }
    this.#cutWord.set(bytes.subarray(end));
    this.#cutBytes = bytes.length - end;
    return bytes.length;
  }

  /** The same bytes where kernels reach them. */
  #reach(block: Uint8Array): Uint8Array {
    if (this.#memory.holds(block)) return block;
    this.#staging ??= this.#memory.allocateBytes(BLOCK_BYTES);
    this.#staging.set(block);
    return this.#staging.subarray(0, block.length);
  }

  /** Whole words that kernels reach. @returns bytes consumed */
  #decodeHere(words: Uint8Array, events: EventSlot, triggers: TriggerSlot | undefined): number {
    const reachesEvents = this.#memory.holds(events.t);
    const reachesTriggers = !triggers || this.#memory.holds(triggers.t);
    if (reachesEvents && reachesTriggers) return this.#call(words, events, triggers);
    let at = 0;
    while (at < words.length) {
      const bounced = reachesEvents ? events : this.#bounceEvents(events);
      const bouncedTriggers = reachesTriggers ? triggers : this.#bounceTriggers(triggers);
      const rest = words.subarray(at);
      const done = this.#call(rest, bounced, bouncedTriggers);
      at += done;
      if (bounced !== events) appendEvents(events, bounced);
      if (triggers && bouncedTriggers !== triggers) appendTriggers(triggers, bouncedTriggers!);
      const isFull =
        events.length === events.capacity ||
        (triggers && triggers.length === triggers.capacity && done === 0);
      if (done < rest.length && isFull) break;
    }
    return at;
  }

  #bounceEvents(target: EventSlot): EventSlot {
    this.#events ??= this.#memory.allocateSlot(BOUNCE_EVENTS);
    const room = Math.min(BOUNCE_EVENTS, target.capacity - target.length);
    return { ...this.#events, capacity: room, length: 0 };
  }

  #bounceTriggers(target: TriggerSlot | undefined): TriggerSlot | undefined {
    if (!target) return undefined;
    this.#triggers ??= this.#memory.allocateTriggerSlot(BOUNCE_TRIGGERS);
    const room = Math.min(BOUNCE_TRIGGERS, target.capacity - target.length);
    return { ...this.#triggers, capacity: room, length: 0 };
  }

  #call(words: Uint8Array, events: EventSlot, triggers: TriggerSlot | undefined): number {
    writeSlots(this.#words, events, triggers);
    const done = this.#kernel(this.#stateAt, words.byteOffset, words.length);
    takeResults(this.#words, events, triggers, this.counts);
    return done;
  }

  /** Begins again with a state, for another block; nothing is counted yet. */
  restart(state: DecoderState): void {
    writeStart(this.#words, this.format, { ...this.#options, state }, TABLES_AT);
    Object.assign(this.counts, createReadCounts());
    this.#cutBytes = 0;
  }

  state(): DecoderState {
    return readDecoderState(this.#words);
  }

  finish(): ReadCounts {
    this.counts.truncatedBytes += this.#cutBytes + endVector(this.#words);
    this.#cutBytes = 0;
    return this.counts;
  }
}

function appendEvents(target: EventSlot, { t, x, y, p, length }: EventSlot): void {
  target.t.set(t.subarray(0, length), target.length);
  target.x.set(x.subarray(0, length), target.length);
  target.y.set(y.subarray(0, length), target.length);
  target.p.set(p.subarray(0, length), target.length);
  target.length += length;
}

function appendTriggers(target: TriggerSlot, { t, id, value, length }: TriggerSlot): void {
  target.t.set(t.subarray(0, length), target.length);
  target.id.set(id.subarray(0, length), target.length);
  target.value.set(value.subarray(0, length), target.length);
  target.length += length;
}
