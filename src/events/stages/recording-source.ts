// A recording as the source of a pipeline: rows t, x, y, p.
import type * as arrow from 'apache-arrow';
import type { Batch, Source } from '../../pipeline/index.ts';
import { createEventSlot, viewEvents } from '../model/index.ts';
import type { EventSource } from '../model/index.ts';
import { eventSchema, toEventBatch } from '../read/event-arrow.ts';
import { fillSlot } from '../read/fill-slot.ts';
import { openEventSource } from '../read/open-source.ts';
import type { SourceOptions } from '../read/source-options.ts';

/**
 * Opens a recording for a pipeline; what opened it closes it.
 * @throws RuvectorError `ERR_EVENTS_*`
 */
export async function openRecordingSource(
  path: string,
  options: SourceOptions = {},
  signal?: AbortSignal,
): Promise<Source> {
  const open = (): Promise<EventSource> => openEventSource(path, options, signal);
  return new RecordingSource(open, await open());
}

class RecordingSource implements Source {
  readonly schema: arrow.Schema;
  readonly #reopen: () => Promise<EventSource>;
  #source: EventSource;
  #isMore = true;
  #given = 0;

  constructor(reopen: () => Promise<EventSource>, source: EventSource) {
    this.#reopen = reopen;
    this.#source = source;
    this.schema = eventSchema(source.timeUnit, source.geometry);
  }

  async nextBatch(maxRows: number, signal: AbortSignal): Promise<Batch | null> {
    while (this.#isMore) {
      const slot = createEventSlot(maxRows);
      this.#isMore = await fillSlot(this.#source, slot, undefined, signal);
      if (slot.length === 0) continue;
      this.#given += slot.length;
      return toEventBatch(viewEvents(slot), this.schema);
    }
    return null;
  }

  sizeHint(): number | null {
    const { totalEvents } = this.#source;
    return totalEvents === null ? null : totalEvents - this.#given;
  }

  memoryUsage(): number {
    return 0;
  }

  /** A recording has no index: it is read again from its beginning. */
  async seek(rows: number): Promise<void> {
    await this.#source[Symbol.asyncDispose]();
    this.#source = await this.#reopen();
    this.#isMore = true;
    this.#given = 0;
    const scratch = createEventSlot(Math.min(SKIP_EVENTS, Math.max(1, rows)));
    while (this.#isMore && this.#given < rows) {
      scratch.length = 0;
      const room = { ...scratch, capacity: Math.min(scratch.capacity, rows - this.#given) };
      this.#isMore = await fillSlot(this.#source, room, undefined);
      this.#given += room.length;
    }
  }

  async close(): Promise<void> {
    await this.#source[Symbol.asyncDispose]();
  }
}

const SKIP_EVENTS = 131_072;
