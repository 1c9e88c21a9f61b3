// A file of words decoded by worker threads, taken in order: what a reader of large files uses. The slab holds a few slots,
// so a reader that is slow lets the workers wait; nothing is copied.
import { fstatSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { DecoderOptions } from '../decode/index.ts';
import type { EventFilterOptions } from '../filter/index.ts';
import { eventSlotBytes } from '../model/index.ts';
import type { EventSlot, ReadCounts, TriggerSlot, WordFormat } from '../model/index.ts';
import {
  CONSUMED,
  countBlocks,
  END_STATE_BYTES,
  MOST_SLOTS,
  readResults,
  readyWord,
  RESULT_BYTES,
  viewBlockRing,
} from './block-ring.ts';
import type { BlockFailure, BlockRing, BlockWorkerData, RingViews } from './block-ring.ts';
import { blockReadError, eventWorkerError, workerMemoryError } from './errors.ts';
import { KernelMemory, TRIGGER_BYTES } from './kernel-memory.ts';

/** What is read, and how. */
export interface WorkerReadOptions {
  /** Of an open file; it stays open until the iteration has ended. */
  readonly descriptor: number;
  /** As the user wrote it, for errors. */
  readonly source: string;
  readonly format: WordFormat;
  /** Where the data begin and end: whole words are not needed at the end. */
  readonly startByte: number;
  readonly endByte: number;
  readonly decoder?: DecoderOptions;
  /** Applied by the workers; only what looks at one event alone: time, region and polarity. */
  readonly filter?: Pick<EventFilterOptions, 'from' | 'to' | 'region' | 'polarity'>;
  /** @default 2 */
  readonly workers?: number;
  /** Most bytes of a block, a multiple of 8: the cache holds it together with its events. @default 262,144 */
  readonly blockBytes?: number;
  /** Most bytes of shared memory. @default 268,435,456 */
  readonly limitBytes?: number;
  readonly signal?: AbortSignal;
}

/** The events of one block, good until the next one is asked for. */
export interface DecodedBlock {
  readonly events: EventSlot;
  readonly triggers: TriggerSlot;
  readonly counts: ReadCounts;
  /** Where the block ends in the file. */
  readonly endByte: number;
}

const BLOCK_BYTES = 262_144;
const LEAST_BLOCK_BYTES = 4096;
const LIMIT_BYTES = 2 ** 28;
/** Input of a worker beside its block, its state and its rules. */
const ARENA_BYTES = 32_768;
/** Kernels write whole groups: a little more than the events there can be. */
const SPARE_EVENTS = 64;
/** Turns of waiting after which timers get theirs. */
const TURNS = 64;

/** Most events that a byte can hold. */
const EVENTS_PER_BYTE: Readonly<Record<WordFormat, number>> = {
  evt2: 1 / 4,
  evt21: 4,
  'evt21-legacy': 4,
  evt3: 6,
  evt4: 8,
  dat: 1 / 8,
};

/**
 * Decodes a file in worker threads.
 *
 * @throws RuvectorError `ERR_EVENTS_WORKER` when a worker ends early, `ERR_EVENTS_READ` when the file cannot be read to its
 *   end, `ERR_EVENTS_MEMORY` when the limit has no room for blocks; the signal's reason
 */
export async function* readInWorkers(options: WorkerReadOptions): AsyncGenerator<DecodedBlock, void> {
  const { signal } = options;
  signal?.throwIfAborted();
  const workers = options.workers ?? 2;
  const memory = new KernelMemory();
  const ring = buildRing(memory, options, workers);
  const arenas = Array.from({ length: workers }, () => {
    const start = memory.allocate(ring.blockBytes + ARENA_BYTES);
    return { start, end: start + ring.blockBytes + ARENA_BYTES };
  });
  const crew = new Crew(viewBlockRing(ring), options);
  const abort = (): void => crew.fail(signal?.reason);
  signal?.addEventListener('abort', abort, { once: true });
  try {
    for (const arena of arenas) crew.start({ ring, arena });
    const blocks = countBlocks(ring);
    for (let block = 0; block < blocks; block++) {
      yield await crew.take(ring, block);
      crew.giveBack(block);
    }
  } finally {
    signal?.removeEventListener('abort', abort);
    await crew.end();
  }
}

function buildRing(memory: KernelMemory, options: WorkerReadOptions, workers: number): BlockRing {
  const { descriptor, format, startByte, endByte, decoder = {}, filter } = options;
  const slots = Math.min(2 * workers + 2, MOST_SLOTS);
  const blockBytes = chooseBlockBytes(options, slots, workers);
  const { eventCapacity, triggerCapacity } = capacitiesOf(format, blockBytes);
  const allocateEach = (bytes: number): number[] =>
    Array.from({ length: slots }, () => memory.allocate(bytes));
  const events = allocateEach(eventSlotBytes(eventCapacity));
  const triggers = allocateEach(triggerCapacity * TRIGGER_BYTES);
  const results = allocateEach(RESULT_BYTES);
  const endState = memory.allocate(END_STATE_BYTES);
  const { handle } = memory;
  const places = { events, triggers, results, endState };
  const what = { descriptor, format, options: decoder, filter, startByte, endByte };
  return { handle, ...what, blockBytes, eventCapacity, triggerCapacity, ...places };
}

function capacitiesOf(
  format: WordFormat,
  blockBytes: number,
): { eventCapacity: number; triggerCapacity: number } {
  return {
    eventCapacity: Math.ceil(blockBytes * EVENTS_PER_BYTE[format]) + SPARE_EVENTS,
    // A multiple of 8, so that columns of 8 bytes follow one another.
    triggerCapacity: blockBytes / 2,
  };
}

/** The largest block for which the slab, with every slot full, stays within the limit. */
function chooseBlockBytes(options: WorkerReadOptions, slots: number, workers: number): number {
  const { format, limitBytes = LIMIT_BYTES, source } = options;
  const slabBytes = (blockBytes: number): number => {
    const { eventCapacity, triggerCapacity } = capacitiesOf(format, blockBytes);
    const slot = eventSlotBytes(eventCapacity) + triggerCapacity * TRIGGER_BYTES + RESULT_BYTES;
    return slots * slot + workers * (blockBytes + ARENA_BYTES) + 2 * 65_536;
  };
  let blockBytes = options.blockBytes ?? BLOCK_BYTES;
  while (slabBytes(blockBytes) > limitBytes && blockBytes > LEAST_BLOCK_BYTES) blockBytes /= 2;
  if (slabBytes(blockBytes) > limitBytes)
    throw workerMemoryError(source, limitBytes, slabBytes(LEAST_BLOCK_BYTES));
  return blockBytes;
}

/** Errors of file systems have a code and a call. */
const isSystemError = (cause: unknown): boolean => cause instanceof Error && 'syscall' in cause;

/** The workers of one reading, as its reader sees them. */
class Crew {
  readonly #views: RingViews;
  readonly #source: string;
  readonly #descriptor: number;
  readonly #workers: Worker[] = [];
  #failure: { readonly reason: unknown } | null = null;
  /** The control word that is waited for. */
  #awaited = 0;
  #turns = 0;
  #isEnding = false;

  constructor(views: RingViews, { source, descriptor }: Pick<WorkerReadOptions, 'source' | 'descriptor'>) {
    this.#views = views;
    this.#source = source;
    this.#descriptor = descriptor;
  }

  /** Starts a worker. While it runs it keeps the process alive, which waiting for its blocks does not. */
  start(data: BlockWorkerData): void {
    // Sources are TypeScript, what is published is JavaScript: the worker's file ends as this one does.
    const ending = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    const worker = new Worker(new URL(`./block-worker.${ending}`, import.meta.url), {
      workerData: data,
      execArgv: [],
      name: 'ruvector-events',
    });
    worker.on('message', (failure: BlockFailure) => {
      if (!this.#isEnding) this.fail(this.#describe(failure));
    });
    worker.on('error', (cause) => this.fail(eventWorkerError(this.#source, 'a worker failed', cause)));
    // One that finds no block left ends with 0, and so does one that has said why it ends.
    worker.on('exit', (code) => {
      if (code !== 0) this.fail(eventWorkerError(this.#source, `a worker ended with code ${String(code)}`));
    });
    this.#workers.push(worker);
  }

  #describe({ byte, isCut, cause }: BlockFailure): Error {
    // Whichever worker finds it first, the file ends in one place.
    const at = isCut ? fstatSync(this.#descriptor).size : byte;
    return isCut || isSystemError(cause)
      ? blockReadError(this.#source, at, isCut, cause)
      : eventWorkerError(this.#source, `a worker failed at byte ${String(byte)}`, cause);
  }

  /** Ends the reading with an error. */
  fail(reason: unknown): void {
    if (this.#isEnding) return;
    this.#failure ??= { reason };
    Atomics.notify(this.#views.words, this.#awaited);
  }

  /** Waits for a block. */
  async take(ring: BlockRing, block: number): Promise<DecodedBlock> {
    const { words, events, triggers } = this.#views;
    const slot = block % events.length;
    // Blocks that are always ready would keep timers and signals from their turn.
    if (++this.#turns % TURNS === 0) await setImmediate();
    // To be woken costs more than to find a block ready: who has to wait waits for the second one behind, too.
    const later = Math.min(block + Math.floor(events.length / 3), countBlocks(ring) - 1);
    if (Atomics.load(words, readyWord(slot)) !== block + 1) await this.#waitFor(later);
    await this.#waitFor(block);
    const counts = readResults(this.#views, slot);
    const endByte = Math.min(ring.endByte, ring.startByte + (block + 1) * ring.blockBytes);
    return { events: events[slot]!, triggers: triggers[slot]!, counts, endByte };
  }

  async #waitFor(block: number): Promise<void> {
    const { words, events } = this.#views;
    const word = readyWord(block % events.length);
    this.#awaited = word;
    for (;;) {
      if (this.#failure) throw this.#failure.reason;
      const value = Atomics.load(words, word);
      if (value === block + 1) return;
      const wait = Atomics.waitAsync(words, word, value);
      if (wait.async) await wait.value;
    }
  }

  /** Leaves a block's slot to the workers. */
  giveBack(block: number): void {
    Atomics.store(this.#views.words, CONSUMED, block + 1);
    Atomics.notify(this.#views.words, CONSUMED);
  }

  /** Ends all threads; afterwards nobody reads the file. */
  async end(): Promise<void> {
    this.#isEnding = true;
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}
