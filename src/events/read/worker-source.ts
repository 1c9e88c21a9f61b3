// A large RAW or DAT file decoded by worker threads, in order. What looks at one event alone is filtered by them too.
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import type { DecoderOptions } from '../decode/index.ts';
import type { EventFilterOptions } from '../filter/index.ts';
import { readInWorkers } from '../kernels/index.ts';
import type { DecodedBlock } from '../kernels/index.ts';
import { addReadCounts, createReadCounts, viewEvents } from '../model/index.ts';
import type {
  EventSlot,
  EventSource,
  Geometry,
  ReadCounts,
  TriggerSlot,
  WordFormat,
} from '../model/index.ts';
import { appendEvents, appendTriggers } from './append-events.ts';
import type { RecordingHead } from './word-source.ts';

/** What the workers do. */
export interface WorkerPlan {
  readonly workers: number;
  readonly decoder: DecoderOptions;
  readonly filter?: Pick<EventFilterOptions, 'from' | 'to' | 'region' | 'polarity'>;
  readonly limitBytes?: number | undefined;
}

/** The data of a file, from byte to byte. */
export interface DataRange {
  readonly source: string;
  readonly startByte: number;
  readonly endByte: number;
}

/** Opens the file a second time: the workers read at any place of it. */
export async function openWorkerSource(
  head: RecordingHead & { readonly format: WordFormat },
  range: DataRange,
  plan: WorkerPlan,
): Promise<EventSource> {
  return new WorkerSource(await open(range.source, 'r'), head, range, plan);
}

class WorkerSource implements EventSource {
  readonly format: WordFormat;
  readonly geometry: Geometry | null;
  readonly header: Readonly<Record<string, string>>;
  readonly timeUnit = 'us';
  readonly totalEvents = null;
  readonly counts: ReadCounts = createReadCounts();
  readonly notes: readonly string[];
  readonly #file: FileHandle;
  readonly #range: DataRange;
  readonly #plan: WorkerPlan;
  readonly #stop = new AbortController();
  #blocks: AsyncGenerator<DecodedBlock, void> | null = null;
  #block: DecodedBlock | null = null;
  #given = 0;
  #givenTriggers = 0;
  #atByte: number;
  #closing: Promise<void> | null = null;

  constructor(
    file: FileHandle,
    head: RecordingHead & { readonly format: WordFormat },
    range: DataRange,
    plan: WorkerPlan,
  ) {
    this.#file = file;
    this.format = head.format;
    this.geometry = head.geometry;
    this.header = head.header;
    this.notes = head.notes;
    this.#range = range;
    this.#plan = plan;
    this.#atByte = range.startByte;
  }

  get bytesRead(): number {
    return this.#atByte;
  }

  get totalBytes(): number {
    return this.#range.endByte;
  }

  async fill(events: EventSlot, triggers?: TriggerSlot, signal?: AbortSignal): Promise<boolean> {
    if (this.#block === null && !(await this.#takeBlock(signal))) return false;
    const block = this.#block!;
    const count = Math.min(block.events.length - this.#given, events.capacity - events.length);
    appendEvents(events, viewEvents(block.events, this.#given, this.#given + count));
    this.#given += count;
    if (triggers) this.#givenTriggers += appendTriggers(triggers, block.triggers, this.#givenTriggers);
    else this.#givenTriggers = block.triggers.length;
    const isGiven = this.#given === block.events.length && this.#givenTriggers === block.triggers.length;
    if (isGiven) this.#block = null;
    return true;
  }

  async #takeBlock(signal: AbortSignal | undefined): Promise<boolean> {
    signal?.throwIfAborted();
    const abort = (): void => this.#stop.abort(signal!.reason);
    signal?.addEventListener('abort', abort, { once: true });
    try {
      this.#blocks ??= this.#start();
      const { value } = await this.#blocks.next();
      if (!value) return false;
      this.#block = value;
      this.#given = 0;
      this.#givenTriggers = 0;
      this.#atByte = value.endByte;
      addReadCounts(this.counts, value.counts);
      return true;
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }

  #start(): AsyncGenerator<DecodedBlock, void> {
    const { source, startByte, endByte } = this.#range;
    const { workers, decoder, filter, limitBytes } = this.#plan;
    return readInWorkers({
      descriptor: this.#file.fd,
      source,
      format: this.format,
      startByte,
      endByte,
      decoder,
      ...(filter && { filter }),
      workers,
      ...(limitBytes !== undefined && { limitBytes }),
      signal: this.#stop.signal,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    await this.#closing;
  }

  async #close(): Promise<void> {
    await this.#blocks?.return();
    await this.#file.close();
  }
}
