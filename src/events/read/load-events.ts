// A whole recording in memory: 13 bytes an event, and one chunk more while it is loaded. What fits into the streaming
// threshold is decoded into the columns themselves; what is longer comes in chunks that are joined, each one's memory
// given back as it is copied. Both give the same columns.
import type { DataFrame } from 'nodejs-polars';
import type { Batch } from '../../pipeline/index.ts';
import {
  copyEvents,
  createEventSlot,
  eventOptionsError,
  eventSlotBytes,
  viewEvents,
} from '../model/index.ts';
import type { EventColumns, EventSlot, EventSource, TriggerColumns } from '../model/index.ts';
import { appendEvents } from './append-events.ts';
import { readAvailableMemory } from './available-memory.ts';
import { BYTES_PER_EVENT, FEWEST_EVENTS } from './chunk-size.ts';
import { eventMemoryError } from './errors.ts';
import { eventSchema, toEventBatch, toEventFrames } from './event-arrow.ts';
import { fillSlot, TriggerList } from './fill-slot.ts';
import { planChunks } from './memory-plan.ts';
import type { ChunkOptions } from './memory-plan.ts';
import { describeSource } from './open-events.ts';
import type { RecordingInfo } from './open-events.ts';
import { openEventSource } from './open-source.ts';
import type { SourceOptions } from './source-options.ts';
import { ReadingMeter } from './reading-meter.ts';
import type { EventProgress } from './reading-meter.ts';
import { sortEvents } from './sort-events.ts';

/** Options of {@link loadEvents}. */
export interface LoadConfig extends SourceOptions, ChunkOptions {
  /** Events up to which a recording is decoded in one piece. @default 5_000_000 */
  readonly streamingThreshold?: number | undefined;
  /** Order by time; events of equal time stay in the order of the file. @default false */
  readonly sort?: boolean | undefined;
  /** Called at least every 250 ms while it is read, and at the end. */
  readonly progress?: ((progress: EventProgress) => void) | undefined;
  /** Ends the loading within 50 ms, with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** A recording in memory. */
export interface LoadedEvents {
  readonly info: RecordingInfo;
  /** Typed arrays of one length, memory of their own. */
  readonly columns: EventColumns;
  readonly triggers: TriggerColumns;
  readonly length: number;
  /** True when it came in chunks. */
  readonly isStreamed: boolean;
  /** The columns as Arrow batches, not copied. @param maxRows of a batch. @default all rows in one */
  toArrow(maxRows?: number): Batch[];
  /** The columns as a Polars frame t (Int64), x, y (UInt16), p (Int8): a copy. */
  toPolars(): Promise<DataFrame>;
}

const DEFAULT_THRESHOLD = 5_000_000;

/**
 * Loads a recording.
 * @throws RuvectorError `ERR_EVENTS_*`: `ERR_EVENTS_MEMORY` where it does not fit into the memory that is available, or a
 *   limit is below one chunk
 */
export async function loadEvents(path: string, config: LoadConfig = {}): Promise<LoadedEvents> {
  const threshold = config.streamingThreshold ?? DEFAULT_THRESHOLD;
  if (!Number.isSafeInteger(threshold) || threshold < 0) {
    throw eventOptionsError(
      'streamingThreshold',
      threshold,
      'it is no number of events',
      'give a whole number from 0 on',
    );
  }
  await using source = await openEventSource(path, config, config.signal);
  const plan = planChunks(path, config, source.totalEvents);
  const chunks = new ChunkList(path, plan.chunkSize, config.memoryLimitMb);
  const triggers = new TriggerList();
  const meter = new ReadingMeter(config.progress);
  const where = (): { events: number; bytesRead: number; totalBytes: number | null } => ({
    events: chunks.length,
    bytesRead: source.bytesRead,
    totalBytes: source.totalBytes,
  });
  using ticking = meter.tick(where);
  const isStreamed = await readAll(source, chunks, threshold, triggers, config.signal, () =>
    ticking.update(),
  );
  const joined = chunks.join();
  const columns = config.sort === true ? sortEvents(joined) : joined;
  meter.finish({ ...where(), events: columns.length });
  const info = describeSource(path, source, [...plan.notes, ...chunks.notes]);
  return new Loaded(info, columns, triggers.columns, isStreamed);
}

async function readAll(
  source: EventSource,
  chunks: ChunkList,
  threshold: number,
  triggers: TriggerList,
  signal: AbortSignal | undefined,
  onPart: () => void,
): Promise<boolean> {
  const first = Math.min(threshold, source.totalEvents ?? threshold, chunks.mostEvents);
  let isMore = first === 0 || (await fillSlot(source, chunks.add(first), triggers, signal, onPart));
  // A slot that is just full may have been the last one.
  const isDirectDone = !isMore;
  while (isMore) isMore = await fillSlot(source, chunks.add(), triggers, signal, onPart);
  return !isDirectDone && chunks.length > first;
}

/** Small chunks do not look at the memory of the host one by one. */
const TRUSTED_BYTES = 16 * 1024 ** 2;

/** Chunks in the order of the file. */
class ChunkList {
  readonly notes: string[] = [];
  /** Most events of one chunk, by the limit that the caller named. */
  readonly mostEvents: number;
  readonly #path: string;
  #chunks: EventSlot[] = [];
  #chunkSize: number;
  /** Events of all chunks but the last. */
  #before = 0;
  #available = 0;
  /** Bytes that may be allocated before memory is looked at again. */
  #trustedBytes = 0;

  constructor(path: string, chunkSize: number, memoryLimitMb: number | undefined) {
    this.#path = path;
    this.#chunkSize = chunkSize;
    this.mostEvents =
      memoryLimitMb === undefined ? Infinity : Math.floor((memoryLimitMb * 1024 ** 2) / BYTES_PER_EVENT);
  }

  get length(): number {
    return this.#before + (this.#chunks.at(-1)?.length ?? 0);
  }

  /** A new chunk. @param capacity @default the size of chunks, or less where memory has become scarce */
  add(capacity: number = this.#chunkSize): EventSlot {
    this.#before = this.length;
    const slot = this.#allocate(capacity);
    this.#chunks.push(slot);
    return slot;
  }

  /** Pages are taken when they are written: what is asked for is what is available, not what can be allocated. */
  #allocate(wanted: number): EventSlot {
    this.#trustedBytes -= eventSlotBytes(wanted);
    if (this.#trustedBytes < 0) {
      this.#available = readAvailableMemory();
      this.#trustedBytes = TRUSTED_BYTES;
    }
    const available = this.#available;
    let capacity = wanted;
    while (capacity > FEWEST_EVENTS && eventSlotBytes(capacity) > available)
      capacity = Math.ceil(capacity / 2);
    if (eventSlotBytes(capacity) > available) throw this.#fullError(available);
    for (;;) {
      try {
        const slot = createEventSlot(capacity);
        if (capacity < wanted) this.#shrink(capacity);
        return slot;
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        if (capacity <= FEWEST_EVENTS) throw this.#fullError(available);
        capacity = Math.ceil(capacity / 2);
      }
    }
  }

  #shrink(capacity: number): void {
    this.#chunkSize = Math.min(this.#chunkSize, capacity);
    this.notes.push(
      `memory became scarce after ${this.length} events: chunks of ${capacity} events from there on`,
    );
  }

  #fullError(available: number): Error {
    const neededMb = Math.ceil(eventSlotBytes(this.length + FEWEST_EVENTS) / 1024 ** 2);
    return eventMemoryError(
      'load',
      this.#path,
      `${this.length} events are loaded and ${Math.floor(available / 1024 ** 2)} MiB are left`,
      neededMb,
      `more than ${neededMb} MiB are needed for all; read it in batches (openEvents), convert it to a file, or load a time window or a region`,
    );
  }

  /** All events as columns; the chunks are gone behind it. */
  join(): EventColumns {
    const chunks = this.#chunks.filter(({ length }) => length > 0);
    this.#chunks = [];
    if (chunks.length <= 1) {
      const only = chunks[0] ?? createEventSlot(0);
      // A view would hold on to the whole slot.
      return only.length * 4 < only.capacity * 3 ? copyEvents(only) : viewEvents(only);
    }
    const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    const whole = createEventSlot(length);
    for (const chunk of chunks) {
      appendEvents(whole, chunk);
      giveBack(chunk);
    }
    return viewEvents(whole);
  }
}

/** Frees the memory of a chunk at once, not when it is collected. */
function giveBack({ t }: EventSlot): void {
  if (t.buffer instanceof ArrayBuffer) t.buffer.transfer(0);
}

class Loaded implements LoadedEvents {
  readonly info: RecordingInfo;
  readonly columns: EventColumns;
  readonly triggers: TriggerColumns;
  readonly isStreamed: boolean;

  constructor(info: RecordingInfo, columns: EventColumns, triggers: TriggerColumns, isStreamed: boolean) {
    this.info = info;
    this.columns = columns;
    this.triggers = triggers;
    this.isStreamed = isStreamed;
  }

  get length(): number {
    return this.columns.length;
  }

  toArrow(maxRows: number = Math.max(1, this.length)): Batch[] {
    const schema = eventSchema(this.info.timeUnit);
    const batches: Batch[] = [];
    for (let from = 0; from === 0 || from < this.length; from += maxRows) {
      const to = Math.min(this.length, from + maxRows);
      batches.push(toEventBatch(viewEvents(this.columns, from, to), schema));
    }
    return batches;
  }

  async toPolars(): Promise<DataFrame> {
    return toEventFrames(this.columns);
  }
}
