// An HDF5 recording as a source of events. Rows are read in pieces that end where chunks end, the next piece while this one
// is handed out.
import { createReadCounts, DEFAULT_POLARITY } from '../model/index.ts';
import type { EventSlot, EventSource, Geometry, Polarity, ReadCounts, TriggerSlot } from '../model/index.ts';
import { ColumnPieces } from './column-pieces.ts';
import { EcfPieces, isEcf } from './ecf-pieces.ts';
import type { EventPiece, EventPieces } from './event-piece.ts';
import type { Hdf5File } from './hdf5-file.ts';
import { openHdf5File } from './open-hdf5.ts';
import { findRecording } from './recording-layout.ts';
import type { Hdf5Recording, RecordingHints } from './recording-layout.ts';
import { TriggerRows } from './trigger-rows.ts';

/** Options of {@link openHdf5Source}. */
export interface Hdf5Options extends RecordingHints {
  /** Unit of the times that are given; finer digits are rounded. @default us */
  readonly resolution?: 'us' | 'ns' | undefined;
  /** @default unsigned */
  readonly polarity?: Polarity | undefined;
  /** @default what the file says */
  readonly geometry?: Geometry | undefined;
  /** Leave out events outside the geometry (they are counted either way). @default false */
  readonly dropOutside?: boolean | undefined;
}

/**
 * Opens a file.
 * @throws RuvectorError `ERR_EVENTS_FORMAT`, `ERR_EVENTS_DATA`, `ERR_EVENTS_TIME_UNIT`, `ERR_EVENTS_FILTER`; system errors
 */
export async function openHdf5Source(path: string, options: Hdf5Options = {}): Promise<EventSource> {
  const file = openHdf5File(path);
  try {
    return new Hdf5Source(file, await findRecording(file, options), options);
  } catch (error) {
    await file[Symbol.asyncDispose]();
    throw error;
  }
}

class Hdf5Source implements EventSource {
  readonly format = 'hdf5' as const;
  readonly geometry: Geometry | null;
  readonly header: Readonly<Record<string, string>>;
  readonly timeUnit: 'us' | 'ns';
  readonly counts: ReadCounts = createReadCounts();
  readonly totalEvents: number;
  readonly totalBytes: number;
  readonly notes: readonly string[] = [];
  readonly #file: Hdf5File;
  readonly #pieces: EventPieces;
  readonly #triggers: TriggerRows | null;
  readonly #dropOutside: boolean;
  #rows = 0;
  #piece: EventPiece | null = null;
  #used = 0;
  #next: Promise<EventPiece> | null = null;
  /** Words of the last time; before the first one there is none. */
  #lastLow = 0;
  #lastHigh = -0x80000000;

  constructor(file: Hdf5File, recording: Hdf5Recording, options: Hdf5Options) {
    this.#file = file;
    this.geometry = options.geometry ?? recording.geometry;
    this.timeUnit = options.resolution ?? 'us';
    this.header = { layout: recording.layout, ...recording.header };
    this.totalEvents = recording.rows;
    this.totalBytes = file.sizeBytes;
    this.#dropOutside = options.dropOutside ?? false;
    const polarity = options.polarity ?? DEFAULT_POLARITY.hdf5;
    const scale = { from: recording.timeUnit, to: this.timeUnit, offset: recording.timeOffset };
    const Pieces = isEcf(recording) ? EcfPieces : ColumnPieces;
    this.#pieces = new Pieces(file.path, recording, scale, polarity);
    this.#triggers = recording.triggers ? new TriggerRows(file.path, recording.triggers, scale) : null;
  }

  get bytesRead(): number {
    const share = this.totalEvents === 0 ? 1 : this.#rows / this.totalEvents;
    return Math.round(share * this.totalBytes);
  }

  async fill(events: EventSlot, triggers?: TriggerSlot, signal?: AbortSignal): Promise<boolean> {
    signal?.throwIfAborted();
    await this.#triggers?.fill(triggers, this.counts);
    const isTriggerLeft = this.#triggers?.isLeft ?? false;
    if (this.#piece === null && this.#rows < this.totalEvents) {
      this.#piece = await orAborted(this.#begin(this.#rows), signal);
      this.#used = 0;
      const after = this.#rows + this.#piece.rows;
      this.#next = after < this.totalEvents ? this.#read(after) : null;
    }
    if (this.#piece === null) return isTriggerLeft;
    this.#take(this.#piece, events);
    return this.#rows < this.totalEvents || isTriggerLeft;
  }

  #begin(row: number): Promise<EventPiece> {
    const ready = this.#next ?? this.#read(row);
    this.#next = null;
    return ready;
  }

  #read(row: number): Promise<EventPiece> {
    const reading = this.#pieces.read(row);
    // Heard when it is asked for; nobody asks after an abort.
    reading.catch(() => undefined);
    return reading;
  }

  #take(piece: EventPiece, events: EventSlot): void {
    const count = Math.min(piece.rows - this.#used, events.capacity - events.length);
    piece.copy(this.#used, count, events);
    this.#used += count;
    this.#rows += count;
    this.#look(events, count);
    if (this.#used === piece.rows) this.#piece = null;
  }

  /** Counts what was copied behind the slot's end, and moves that end. */
  #look(events: EventSlot, count: number): void {
    const start = events.length;
    this.#countReversals(events.lanes, start, start + count);
    const end = this.geometry
      ? this.#countOutside(events, start, start + count, this.geometry)
      : start + count;
    this.counts.events += end - start;
    events.length = end;
  }

  #countReversals(lanes: Uint32Array, start: number, end: number): void {
    let [low, high, reversals] = [this.#lastLow, this.#lastHigh, 0];
    for (let i = 2 * start; i < 2 * end; i += 2) {
      const nextLow = lanes[i]!;
      const nextHigh = lanes[i + 1]! | 0;
      if (nextHigh === high ? nextLow < low : nextHigh < high) reversals++;
      low = nextLow;
      high = nextHigh;
    }
    this.#lastLow = low;
    this.#lastHigh = high;
    this.counts.timeReversals += reversals;
  }

  /** @returns where the events end, which is earlier where some are left out */
  #countOutside(events: EventSlot, start: number, end: number, { width, height }: Geometry): number {
    const { lanes, x, y, p } = events;
    let [outside, to] = [0, start];
    for (let i = start; i < end; i++) {
      const isOutside = x[i]! >= width || y[i]! >= height;
      if (isOutside) outside++;
      if (isOutside && this.#dropOutside) continue;
      if (to !== i) {
        lanes[2 * to] = lanes[2 * i]!;
        lanes[2 * to + 1] = lanes[2 * i + 1]!;
        x[to] = x[i]!;
        y[to] = y[i]!;
        p[to] = p[i]!;
      }
      to++;
    }
    this.counts.eventsOutside += outside;
    return to;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#next?.catch(() => undefined);
    await this.#file[Symbol.asyncDispose]();
  }
}

/** What is read goes on in the background; whoever waits is told at once. */
async function orAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal.reason as Error);
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
