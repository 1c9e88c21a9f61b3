// A source of which only some events are wanted: they are decoded into a scratch slot that fits a cache, and what a
// filter leaves goes on.
import type { EventFilter } from '../filter/index.ts';
import { createEventSlot, viewEvents } from '../model/index.ts';
import type {
  EventFormat,
  EventSlot,
  EventSource,
  Geometry,
  ReadCounts,
  TriggerSlot,
} from '../model/index.ts';
import { appendEvents } from './append-events.ts';

/** Events that are decoded and filtered at a time. */
const SCRATCH_EVENTS = 65_536;

export class FilteredSource implements EventSource {
  readonly #source: EventSource;
  readonly #filter: EventFilter;
  readonly #scratch: EventSlot;
  /** Events of the scratch slot that were given. */
  #given = 0;
  #isMore = true;

  constructor(source: EventSource, filter: EventFilter) {
    this.#source = source;
    this.#filter = filter;
    this.#scratch = source.createSlot?.(SCRATCH_EVENTS) ?? createEventSlot(SCRATCH_EVENTS);
  }

  get format(): EventFormat {
    return this.#source.format;
  }

  get geometry(): Geometry | null {
    return this.#source.geometry;
  }

  get header(): Readonly<Record<string, string>> {
    return this.#source.header;
  }

  get timeUnit(): 'us' | 'ns' {
    return this.#source.timeUnit;
  }

  /** Of the file: what the filter leaves is what its caller counts. */
  get counts(): Readonly<ReadCounts> {
    return this.#source.counts;
  }

  readonly totalEvents = null;

  get bytesRead(): number {
    return this.#source.bytesRead;
  }

  get totalBytes(): number | null {
    return this.#source.totalBytes;
  }

  get notes(): readonly string[] {
    return this.#source.notes;
  }

  async fill(events: EventSlot, triggers?: TriggerSlot, signal?: AbortSignal): Promise<boolean> {
    if (this.#given === this.#scratch.length) {
      if (!this.#isMore) return false;
      this.#given = 0;
      this.#scratch.length = 0;
      this.#isMore = await this.#source.fill(this.#scratch, triggers, signal);
      this.#filter.apply(this.#scratch);
    }
    const count = Math.min(this.#scratch.length - this.#given, events.capacity - events.length);
    appendEvents(events, viewEvents(this.#scratch, this.#given, this.#given + count));
    this.#given += count;
    return this.#isMore || this.#given < this.#scratch.length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#source[Symbol.asyncDispose]();
  }
}
