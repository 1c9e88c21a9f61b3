// A source of events whose bytes come in their order and go through a decoder block by block: text, AEDAT4.
import { createEventSlot, createTriggerSlot } from '../model/index.ts';
import type {
  EventFormat,
  EventSlot,
  EventSource,
  Geometry,
  ReadCounts,
  TriggerSlot,
} from '../model/index.ts';

/** Where bytes come from, in their order; closed with the source. */
export interface ByteFeed extends AsyncDisposable {
  readonly source: string;
  readonly sizeBytes: number | null;
  readonly atByte: number;
  /** Fills `target` from its start. @returns bytes that came; 0 at the end */
  read(target: Uint8Array, signal?: AbortSignal): Promise<number>;
}

/** Decodes bytes in cuts of any size. */
export interface FeedDecoder {
  readonly format: EventFormat;
  readonly counts: Readonly<ReadCounts>;
  /** What the file says of itself is known. */
  readonly isOpen: boolean;
  readonly geometry: Geometry | null;
  readonly header: Readonly<Record<string, string>>;
  readonly notes: readonly string[];
  /**
   * Appends the events of `bytes`, and triggers where somebody wants them.
   * @returns bytes consumed: fewer than there are only when a slot is full. Then empty it and call again with the rest
   */
  decode(bytes: Uint8Array, events: EventSlot, triggers?: TriggerSlot): number;
  /** The bytes end here. @returns false while something is left that a slot has no room for */
  end(events: EventSlot, triggers?: TriggerSlot): boolean;
}

/** Bytes that are decoded at a time: few enough for the cache. */
const BLOCK_BYTES = 1 << 18;

/**
 * Reads as much as the file needs to say what it is, and gives the rest as a source. The feed is closed with it.
 * @throws what decoder and feed throw
 */
export async function openFedSource(
  feed: ByteFeed,
  decoder: FeedDecoder,
  timeUnit: 'us' | 'ns',
  signal?: AbortSignal,
): Promise<EventSource> {
  const source = new FedSource(feed, decoder, timeUnit);
  try {
    await source.begin(signal);
    return source;
  } catch (error) {
    await feed[Symbol.asyncDispose]();
    throw error;
  }
}

class FedSource implements EventSource {
  readonly timeUnit: 'us' | 'ns';
  readonly totalEvents = null;
  readonly #feed: ByteFeed;
  readonly #decoder: FeedDecoder;
  readonly #block = new Uint8Array(BLOCK_BYTES);
  #bytes = this.#block.subarray(0, 0);
  #isEnd = false;
  /** The event that came with what the file says of itself. */
  readonly #first = createEventSlot(1);

  constructor(feed: ByteFeed, decoder: FeedDecoder, timeUnit: 'us' | 'ns') {
    this.#feed = feed;
    this.#decoder = decoder;
    this.timeUnit = timeUnit;
  }

  get format(): EventFormat {
    return this.#decoder.format;
  }

  get counts(): Readonly<ReadCounts> {
    return this.#decoder.counts;
  }

  get geometry(): Geometry | null {
    return this.#decoder.geometry;
  }

  get header(): Readonly<Record<string, string>> {
    return this.#decoder.header;
  }

  get notes(): readonly string[] {
    return this.#decoder.notes;
  }

  get bytesRead(): number {
    return this.#feed.atByte - this.#bytes.length;
  }

  get totalBytes(): number | null {
    return this.#feed.sizeBytes;
  }

  async begin(signal: AbortSignal | undefined): Promise<void> {
    // No trigger has room: the first one waits.
    const noTriggers = createTriggerSlot(0);
    while (!this.#decoder.isOpen && (await this.#fillSome(this.#first, noTriggers, signal)));
  }

  async fill(events: EventSlot, triggers?: TriggerSlot, signal?: AbortSignal): Promise<boolean> {
    if (this.#first.length > 0 && events.length < events.capacity) {
      events.t[events.length] = this.#first.t[0]!;
      events.x[events.length] = this.#first.x[0]!;
      events.y[events.length] = this.#first.y[0]!;
      events.p[events.length] = this.#first.p[0]!;
      events.length++;
      this.#first.length = 0;
    }
    return this.#fillSome(events, triggers, signal);
  }

  async #fillSome(
    events: EventSlot,
    triggers: TriggerSlot | undefined,
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    signal?.throwIfAborted();
    if (this.#bytes.length === 0 && !this.#isEnd) {
      const count = await this.#feed.read(this.#block, signal);
      this.#isEnd = count === 0;
      this.#bytes = this.#block.subarray(0, count);
    }
    if (this.#bytes.length === 0) return !this.#decoder.end(events, triggers);
    this.#bytes = this.#bytes.subarray(this.#decoder.decode(this.#bytes, events, triggers));
    return true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#feed[Symbol.asyncDispose]();
  }
}
