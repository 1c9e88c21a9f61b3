// The streamer of the source document: events from anywhere into frames of one chunk each, joined at the end. Polarity
// follows the format, as its table says.
import type { DataFrame } from 'nodejs-polars';
import { loadPolars } from '../../core/index.ts';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createEventSlot, DEFAULT_POLARITY, viewEvents } from '../model/index.ts';
import type { EventColumns, EventFormat, EventSlot } from '../model/index.ts';
import { readAvailableMemory } from './available-memory.ts';
import { calculateOptimalChunkSize } from './chunk-size.ts';
import { toEventFrame } from './event-arrow.ts';
import { planChunks } from './memory-plan.ts';
import type { ChunkOptions } from './memory-plan.ts';

/** One event, for those who have no columns. Any polarity above 0 is on. */
export interface SingleEvent {
  /** µs */
  readonly t: number | bigint;
  readonly x: number;
  readonly y: number;
  readonly p: number | boolean;
}

/** Single events, or columns of them. */
export type AnyEvents =
  | Iterable<SingleEvent | EventColumns>
  | AsyncIterable<SingleEvent | EventColumns | { readonly events: EventColumns }>;

/** Turns events into Polars frames, chunk by chunk. */
export class EventStreamer {
  readonly chunkSize: number;
  readonly format: EventFormat;
  /** What was decided about memory, one sentence each. */
  readonly notes: readonly string[];

  /**
   * @param chunkSize events of a chunk
   * @param format whose polarity the frames have: −1/1 for EVT2, 0/1 for HDF5 and text
   * @throws RuvectorError `ERR_EVENTS_OPTIONS`; `ERR_EVENTS_MEMORY` for a memory limit below one chunk
   */
  constructor(chunkSize: number, format: EventFormat, limits: Pick<ChunkOptions, 'memoryLimitMb'> = {}) {
    const plan = planChunks('events', { ...limits, chunkSize });
    this.chunkSize = plan.chunkSize;
    this.notes = plan.notes;
    this.format = format;
  }

  /** Events of a chunk for the memory that is available, in MiB; 100,000 to 10 million. @default what this host has */
  static calculateOptimalChunkSize(
    totalEvents: number | null,
    availableMemoryMb: number = readAvailableMemory() / 1024 ** 2,
  ): number {
    return calculateOptimalChunkSize(totalEvents, availableMemoryMb);
  }

  /** One frame of all events given. */
  buildChunk(events: Iterable<SingleEvent> | EventColumns): DataFrame {
    if (isColumns(events)) return toEventFrame(this.#withPolarity(events));
    const list = Array.isArray(events) ? (events as readonly SingleEvent[]) : [...events];
    const slot = createEventSlot(list.length);
    for (const event of list) this.#append(slot, event);
    return toEventFrame(viewEvents(slot));
  }

  /** One frame of all events, made of chunks. */
  async streamToPolars(events: AnyEvents): Promise<DataFrame> {
    const frames: DataFrame[] = [];
    for await (const frame of this.streamChunks(events)) frames.push(frame);
    if (frames.length <= 1) return frames[0] ?? this.buildChunk([]);
    return loadPolars().concat(frames);
  }

  /** A frame a chunk, as soon as it is full. */
  async *streamChunks(events: AnyEvents): AsyncGenerator<DataFrame, void, undefined> {
    const slot = createEventSlot(this.chunkSize);
    for await (const item of events) {
      if ('events' in item || isColumns(item)) {
        const columns = 'events' in item ? item.events : item;
        for (let from = 0; from < columns.length;) {
          const to = Math.min(columns.length, from + slot.capacity - slot.length);
          this.#appendColumns(slot, viewEvents(columns, from, to));
          from = to;
          if (slot.length === slot.capacity) yield await handFrame(slot);
        }
        continue;
      }
      this.#append(slot, item);
      if (slot.length === slot.capacity) yield await handFrame(slot);
    }
    if (slot.length > 0) yield await handFrame(slot);
  }

  #append(slot: EventSlot, { t, x, y, p }: SingleEvent): void {
    const at = slot.length++;
    slot.t[at] = BigInt(t);
    slot.x[at] = x;
    slot.y[at] = y;
    slot.p[at] = Number(p) > 0 ? 1 : this.#off;
  }

  #appendColumns(slot: EventSlot, { t, x, y, p, length }: EventColumns): void {
    const at = slot.length;
    slot.t.set(t, at);
    slot.x.set(x, at);
    slot.y.set(y, at);
    const off = this.#off;
    for (let i = 0; i < length; i++) slot.p[at + i] = p[i]! > 0 ? 1 : off;
    slot.length += length;
  }

  #withPolarity(events: EventColumns): EventColumns {
    const off = this.#off;
    return { ...viewEvents(events), p: events.p.subarray(0, events.length).map((p) => (p > 0 ? 1 : off)) };
  }

  get #off(): number {
    return DEFAULT_POLARITY[this.format] === 'unsigned' ? 0 : -1;
  }
}

const isColumns = (events: object): events is EventColumns => 'length' in events && 't' in events;

/** Makes a frame of a slot and empties it; what the frame was made of is freed behind a turn of the event loop only. */
async function handFrame(slot: EventSlot): Promise<DataFrame> {
  const frame = toEventFrame(viewEvents(slot));
  slot.length = 0;
  await nextTurn();
  return frame;
}
