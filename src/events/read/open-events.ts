// A recording as batches, in memory that does not depend on how long it is.
import { copyEvents, createEventSlot, viewEvents } from '../model/index.ts';
import type {
  EventBatch,
  EventFormat,
  EventSlot,
  EventSource,
  Geometry,
  ReadCounts,
} from '../model/index.ts';
import type { EventTimeUnit } from './event-arrow.ts';
import { fillSlot, TriggerList } from './fill-slot.ts';
import { planChunks } from './memory-plan.ts';
import type { ChunkOptions, ChunkPlan } from './memory-plan.ts';
import { openEventSource } from './open-source.ts';
import type { SourceOptions } from './source-options.ts';
import { ReadingMeter } from './reading-meter.ts';
import type { EventProgress } from './reading-meter.ts';

/** Options of {@link openEvents}. */
export interface OpenEventsOptions extends SourceOptions, ChunkOptions {
  /** Called at least every 250 ms while it is read, and at the end. */
  readonly progress?: ((progress: EventProgress) => void) | undefined;
  /** Ends the reading within 50 ms, with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Use the memory of a batch again for the next one: a batch then is good until the next is asked for, and has 131,072
   * events where no size is asked for. @default false
   */
  readonly reuseMemory?: boolean | undefined;
}

/** What a recording is. */
export interface RecordingInfo {
  readonly path: string;
  readonly format: EventFormat;
  /** Null where neither the file nor the caller says it. */
  readonly geometry: Geometry | null;
  /** What the file says of itself, in its own words. */
  readonly header: Readonly<Record<string, string>>;
  /** Unit of `t`. */
  readonly timeUnit: EventTimeUnit;
  /** Null for a pipe. */
  readonly sizeBytes: number | null;
  /** Live; complete at the end. */
  readonly counts: Readonly<ReadCounts>;
  /** What a user should know of how it is read, one sentence each. */
  readonly notes: readonly string[];
}

/** A recording that is being read. It closes itself at the end, after an error and when the loop is left. */
export interface EventReading extends AsyncIterable<EventBatch>, AsyncDisposable {
  readonly info: RecordingInfo;
  /** Most events of a batch; all but the last have so many, while an adaptive size grows to it. */
  readonly chunkSize: number;
  /** How far it is. */
  readonly progress: EventProgress;
  /** Ends it: the loop throws the reason within 50 ms. */
  abort(reason?: unknown): void;
}

/** An adaptive reading begins with so many, so that the first batch is there soon. */
const FIRST_EVENTS = 100_000;
/** Where memory is used again, a batch that a cache holds costs least. */
const REUSED_EVENTS = 131_072;

/**
 * Opens a recording: a file, a named pipe, or `-` for standard input.
 * @throws RuvectorError `ERR_EVENTS_*`
 */
export async function openEvents(path: string, options: OpenEventsOptions = {}): Promise<EventReading> {
  const source = await openEventSource(path, options, options.signal);
  try {
    const plan = planChunks(path, options, source.totalEvents);
    const isSmall = plan.isAdaptive && options.reuseMemory === true;
    const chunkSize = isSmall ? Math.min(plan.chunkSize, REUSED_EVENTS) : plan.chunkSize;
    return new SourceReading(path, source, options, { ...plan, chunkSize });
  } catch (error) {
    await source[Symbol.asyncDispose]();
    throw error;
  }
}

/** What a source says of itself. */
export const describeSource = (
  path: string,
  source: EventSource,
  notes: readonly string[],
): RecordingInfo => ({
  path,
  format: source.format,
  geometry: source.geometry,
  header: source.header,
  timeUnit: source.timeUnit,
  sizeBytes: source.totalBytes,
  counts: source.counts,
  get notes() {
    return [...notes, ...source.notes];
  },
});

class SourceReading implements EventReading {
  readonly info: RecordingInfo;
  readonly chunkSize: number;
  readonly #source: EventSource;
  readonly #options: OpenEventsOptions;
  readonly #isAdaptive: boolean;
  readonly #stop = new AbortController();
  readonly #meter: ReadingMeter;
  #given = 0;
  #reused: EventSlot | null = null;

  constructor(path: string, source: EventSource, options: OpenEventsOptions, plan: ChunkPlan) {
    this.info = describeSource(path, source, plan.notes);
    this.chunkSize = plan.chunkSize;
    this.#isAdaptive = plan.isAdaptive && options.reuseMemory !== true;
    this.#source = source;
    this.#options = options;
    this.#meter = new ReadingMeter(options.progress);
  }

  get progress(): EventProgress {
    return this.#meter.measure(this.#at);
  }

  abort(reason?: unknown): void {
    this.#stop.abort(reason);
  }

  get #at(): { events: number; bytesRead: number; totalBytes: number | null } {
    const { bytesRead, totalBytes } = this.#source;
    return { events: this.#given, bytesRead, totalBytes };
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<EventBatch, void, undefined> {
    const signal = AbortSignal.any([
      this.#stop.signal,
      ...(this.#options.signal ? [this.#options.signal] : []),
    ]);
    // While a pipe is silent nothing else would tell how far it is.
    using ticking = this.#meter.tick(() => this.#at);
    try {
      let size = this.#isAdaptive ? Math.min(this.chunkSize, FIRST_EVENTS) : this.chunkSize;
      for (let isMore = true; isMore; size = Math.min(this.chunkSize, size * 2)) {
        const slot = this.#takeSlot(size);
        const triggers = new TriggerList();
        isMore = await fillSlot(this.#source, slot, triggers, signal, () => ticking.update());
        this.#given += slot.length;
        if (slot.length > 0 || triggers.columns.length > 0) {
          yield { events: this.#hand(slot), triggers: triggers.columns };
        }
      }
      this.#meter.finish(this.#at);
    } finally {
      await this[Symbol.asyncDispose]();
    }
  }

  #takeSlot(size: number): EventSlot {
    if (this.#options.reuseMemory !== true) return createEventSlot(size);
    if (this.#reused === null || this.#reused.capacity !== size) {
      this.#reused = this.#source.createSlot?.(size) ?? createEventSlot(size);
    }
    this.#reused.length = 0;
    return this.#reused;
  }

  /** A slot that is mostly empty would keep its memory as long as its few events are kept. */
  #hand(slot: EventSlot): EventBatch['events'] {
    const isWasteful = this.#options.reuseMemory !== true && slot.length * 2 < slot.capacity;
    return isWasteful ? copyEvents(slot) : viewEvents(slot);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#source[Symbol.asyncDispose]();
  }
}
