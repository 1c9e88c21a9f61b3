// A text file as a source of events: blocks of bytes go through a decoder into slots.
import { createEventSlot } from '../model/index.ts';
import type { EventSlot, EventSource, Geometry, ReadCounts, TriggerSlot } from '../model/index.ts';
import { TextEventDecoder } from './decode-text.ts';
import type { TextOptions } from './text-options.ts';

/** Where bytes come from, in their order; closed with the source. */
export interface TextInput extends AsyncDisposable {
  readonly source: string;
  readonly sizeBytes: number | null;
  readonly atByte: number;
  /** Fills `target` from its start. @returns bytes that came; 0 at the end */
  read(target: Uint8Array, signal?: AbortSignal): Promise<number>;
}

/** What decodes the bytes: {@link TextEventDecoder} or its twin in WebAssembly. */
export type TextDecoding = Pick<
  TextEventDecoder,
  'counts' | 'geometry' | 'columns' | 'timeUnit' | 'decode' | 'end'
>;

/** Bytes that are decoded at a time: few enough for the cache. */
const BLOCK_BYTES = 1 << 18;

/**
 * Opens a text: its comments, its row of names and its first event are read.
 * @throws RuvectorError `ERR_EVENTS_DATA`, `ERR_EVENTS_TIME_UNIT`, `ERR_EVENTS_OPTIONS`; what the input throws
 */
export async function openTextSource(
  input: TextInput,
  options: TextOptions & { readonly decoder?: TextDecoding | undefined } = {},
  signal?: AbortSignal,
): Promise<EventSource> {
  try {
    const decoder = options.decoder ?? new TextEventDecoder({ ...options, source: input.source });
    const source = new TextSource(input, decoder, options.resolution ?? 'us');
    await source.begin(signal);
    return source;
  } catch (error) {
    await input[Symbol.asyncDispose]();
    throw error;
  }
}

class TextSource implements EventSource {
  readonly format = 'text' as const;
  readonly timeUnit: 'us' | 'ns';
  readonly totalEvents = null;
  readonly notes: readonly string[] = [];
  readonly #input: TextInput;
  readonly #decoder: TextDecoding;
  readonly #block = new Uint8Array(BLOCK_BYTES);
  #bytes = this.#block.subarray(0, 0);
  #isEnd = false;
  /** The event that was read to know the columns. */
  readonly #first = createEventSlot(1);

  constructor(input: TextInput, decoder: TextDecoding, timeUnit: 'us' | 'ns') {
    this.#input = input;
    this.#decoder = decoder;
    this.timeUnit = timeUnit;
  }

  get counts(): Readonly<ReadCounts> {
    return this.#decoder.counts;
  }

  get geometry(): Geometry | null {
    return this.#decoder.geometry;
  }

  get header(): Readonly<Record<string, string>> {
    const { columns, timeUnit } = this.#decoder;
    return { ...(columns && { columns: columns.join(',') }), ...(timeUnit && { timeUnit }) };
  }

  get bytesRead(): number {
    return this.#input.atByte;
  }

  get totalBytes(): number | null {
    return this.#input.sizeBytes;
  }

  /** Reads up to the first event. */
  async begin(signal: AbortSignal | undefined): Promise<void> {
    while (this.#decoder.columns === null && (await this.#fillSome(this.#first, signal)));
  }

  async fill(events: EventSlot, _triggers?: TriggerSlot, signal?: AbortSignal): Promise<boolean> {
    if (this.#first.length > 0 && events.length < events.capacity) {
      events.t[events.length] = this.#first.t[0]!;
      events.x[events.length] = this.#first.x[0]!;
      events.y[events.length] = this.#first.y[0]!;
      events.p[events.length] = this.#first.p[0]!;
      events.length++;
      this.#first.length = 0;
    }
    return this.#fillSome(events, signal);
  }

  async #fillSome(events: EventSlot, signal: AbortSignal | undefined): Promise<boolean> {
    if (this.#bytes.length === 0 && !this.#isEnd) {
      const count = await this.#input.read(this.#block, signal);
      this.#isEnd = count === 0;
      this.#bytes = this.#block.subarray(0, count);
    }
    if (this.#bytes.length === 0) return !this.#decoder.end(events);
    this.#bytes = this.#bytes.subarray(this.#decoder.decode(this.#bytes, events));
    return true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#input[Symbol.asyncDispose]();
  }
}
