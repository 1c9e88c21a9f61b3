// RAW and DAT files as a source: blocks of the file go through a decoder, and the next block is read while one is
// decoded. Blocks are small enough for a cache, whatever the size of the batches.
import type { BlockDecoder } from '../decode/index.ts';
import type {
  EventFormat,
  EventSlot,
  EventSource,
  Geometry,
  ReadCounts,
  TriggerSlot,
} from '../model/index.ts';
import { orAborted } from './abortable.ts';
import type { ByteInput } from './byte-input.ts';
import { recordingError } from './errors.ts';

/** What stands before the data. */
export interface RecordingHead {
  readonly format: EventFormat;
  readonly geometry: Geometry | null;
  readonly header: Readonly<Record<string, string>>;
  readonly notes: readonly string[];
}

/** Bytes that are read at once: a few milliseconds of decoding. */
const BLOCK_BYTES = 512 * 1024;

/** Memory that the decoder takes blocks from and fills slots in without a copy. */
export interface BlockMemory {
  createInput(sizeBytes: number): Uint8Array;
  createSlot(capacity: number): EventSlot;
}

/** A block that is being read. */
interface PendingBlock {
  readonly memory: Uint8Array;
  readonly length: Promise<number>;
}

export class WordSource implements EventSource {
  readonly format: EventFormat;
  readonly geometry: Geometry | null;
  readonly header: Readonly<Record<string, string>>;
  readonly timeUnit = 'us';
  readonly totalEvents = null;
  readonly #notes: string[];
  readonly #input: ByteInput;
  readonly #decoder: BlockDecoder;
  readonly #blocks: BlockMemory;
  readonly #stop = new AbortController();
  /** Of the block at hand: what is not decoded yet. */
  #rest: Uint8Array;
  #pending: PendingBlock | null = null;
  #spare: Uint8Array | null = null;
  #memory: Uint8Array | null = null;
  #isDone = false;
  #closing: Promise<void> | null = null;

  /** @param rest bytes of the data that were read with the header */
  constructor(
    input: ByteInput,
    head: RecordingHead,
    rest: Uint8Array,
    decoder: BlockDecoder,
    memory: BlockMemory,
  ) {
    this.#input = input;
    this.#blocks = memory;
    this.format = head.format;
    this.geometry = head.geometry;
    this.header = head.header;
    this.#notes = [...head.notes];
    this.#rest = rest;
    this.#decoder = decoder;
  }

  get counts(): Readonly<ReadCounts> {
    return this.#decoder.counts;
  }

  get bytesRead(): number {
    return this.#input.atByte - this.#rest.length;
  }

  get totalBytes(): number | null {
    return this.#input.sizeBytes;
  }

  get notes(): readonly string[] {
    return this.#notes;
  }

  createSlot(capacity: number): EventSlot {
    return this.#blocks.createSlot(capacity);
  }

  async fill(events: EventSlot, triggers?: TriggerSlot, signal?: AbortSignal): Promise<boolean> {
    if (this.#isDone) return false;
    if (this.#closing) throw recordingError(this.#input.source, 'it was closed', 'open it again');
    if (this.#rest.length === 0 && !(await this.#readBlock(signal))) return false;
    const consumed = this.#decoder.decode(this.#rest, events, triggers);
    this.#rest = this.#rest.subarray(consumed);
    return true;
  }

  /** Takes the block that was read meanwhile and has the next one read. False at the end. */
  async #readBlock(signal: AbortSignal | undefined): Promise<boolean> {
    this.#pending ??= this.#startBlock();
    const block = this.#pending;
    const length = await orAborted(block.length, signal);
    this.#pending = null;
    if (length === 0) {
      await this.#finish();
      return false;
    }
    [this.#spare, this.#memory] = [this.#memory, block.memory];
    this.#rest = block.memory.subarray(0, length);
    this.#pending = this.#startBlock();
    return true;
  }

  #startBlock(): PendingBlock {
    const memory = this.#spare ?? this.#blocks.createInput(BLOCK_BYTES);
    this.#spare = null;
    const length = this.#input.read(memory, this.#stop.signal);
    // Heard when it is waited for, or not at all after an abort.
    length.catch(() => undefined);
    return { memory, length };
  }

  async #finish(): Promise<void> {
    this.#isDone = true;
    this.#decoder.finish();
    const grown = await this.#input.readGrowth();
    if (grown > 0)
      this.#notes.push(`the file grew by ${grown} bytes while it was read: they are not part of this`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#closing ??= Promise.resolve(this.#input[Symbol.asyncDispose]());
    await this.#closing;
  }
}
