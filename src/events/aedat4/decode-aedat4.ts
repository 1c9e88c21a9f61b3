// AEDAT4 → events, in cuts of any size. All integers little-endian.
//
//   0  14  "#!AER-DAT4.0\r\n"
//  14   4  size of the header
//  18      header, a FlatBuffer "IOHE": 0 compression (1, 2 LZ4 frames; 3, 4 zstd), 1 i64 place of the table of packets
//          (-1: the writer did not finish), 2 XML that describes the streams
//      packets: 4 stream, 4 size, body. Decompressed a body is a FlatBuffer behind its size:
//          "EVTS": 0 list of 16 bytes: 8 t µs, 2 x, 2 y, 1 on, 3 unused
//          "TRIG": 0 list of tables: 0 i64 t µs, 1 i8 type (1 rising edge, 2 falling edge); others are passed over
//      the table of packets is the end of them
//
// https://docs.inivation.com/software/software-advanced-usage/file-formats/aedat-4.0.html
import { zstdDecompressSync } from 'node:zlib';
import { decodeLz4Frames } from '../compression/decode-lz4-frame.ts';
import type { FeedDecoder } from '../feed/index.ts';
import { createReadCounts, DEFAULT_POLARITY, eventDataError, eventFormatError } from '../model/index.ts';
import type { EventSlot, Geometry, Polarity, ReadCounts, TriggerSlot } from '../model/index.ts';
import { EventList } from './event-list.ts';
import { CheckedTable } from './flatbuffer.ts';
import { parseStreams } from './stream-info.ts';
import type { Aedat4Stream } from './stream-info.ts';
import { TriggerTables } from './trigger-tables.ts';

/** Options of reading AEDAT4. */
export interface Aedat4Options {
  /** Which stream of events. @default the first */
  readonly stream?: number | undefined;
  /** Unit of the times that are given. @default us */
  readonly resolution?: 'us' | 'ns' | undefined;
  /** @default signed */
  readonly polarity?: Polarity | undefined;
  /** @default what the file says */
  readonly geometry?: Geometry | undefined;
  /** Leave out events outside the geometry (they are counted either way). @default false */
  readonly dropOutside?: boolean | undefined;
  /** Names the file in errors. @default aedat4 */
  readonly source?: string | undefined;
}

const SIGNATURE = '#!AER-DAT4.0\r\n';
/** Larger than any packet or header that is written; what claims more is damaged. */
const MAX_PART_BYTES = 2 ** 28;

const COMPRESSIONS = ['none', 'lz4', 'lz4 high', 'zstd', 'zstd high'];

/** What the next bytes are. */
type Part = 'signature' | 'header size' | 'header' | 'packet head' | 'packet' | 'end';

/** What a packet left to hand out. */
interface Pending {
  /** @returns true when nothing is left */
  drain(events: EventSlot, triggers?: TriggerSlot): boolean;
}

/** Decodes a file. */
export class Aedat4Decoder implements FeedDecoder {
  readonly format = 'aedat4' as const;
  readonly counts: ReadCounts = createReadCounts();
  readonly #options: Aedat4Options;
  readonly #source: string;
  #part: Part = 'signature';
  #needed = SIGNATURE.length;
  /** Bytes of a part whose end is still to come. */
  #kept = new Uint8Array(1024);
  #keptBytes = 0;
  /** Where the next part begins in the file. */
  #byte = 0;
  #compression = 0;
  #tablePlace = -1n;
  #streams: Aedat4Stream[] = [];
  #stream: number | null = null;
  #packetStream = 0;
  #pending: Pending | null = null;
  readonly #events: EventList;
  readonly #otherStreams = new Set<number>();

  constructor(options: Aedat4Options = {}) {
    this.#options = options;
    this.#source = options.source ?? 'aedat4';
    this.#stream = options.stream ?? null;
    this.#events = new EventList(this.counts, {
      polarity: options.polarity ?? DEFAULT_POLARITY.aedat4,
      resolution: options.resolution ?? 'us',
      dropOutside: options.dropOutside ?? false,
    });
  }

  get isOpen(): boolean {
    return this.#part === 'packet head' || this.#part === 'packet' || this.#part === 'end';
  }

  get geometry(): Geometry | null {
    const stream = this.#streams.find(({ id }) => id === this.#stream);
    return this.#options.geometry ?? stream?.geometry ?? null;
  }

  get header(): Readonly<Record<string, string>> {
    const streams = this.#streams.map(({ id, type }) => `${id}:${type}`).join(' ');
    const source = this.#streams.find(({ id }) => id === this.#stream)?.source;
    const compression = COMPRESSIONS[this.#compression]!;
    return { compression, ...(streams !== '' && { streams }), ...(source && { source }) };
  }

  get notes(): readonly string[] {
    const notes: string[] = [];
    const others = [...this.#otherStreams].join(', ');
    if (others !== '') notes.push(`events of stream ${this.#stream} are read, those of ${others} are not`);
    if (this.isOpen && this.#tablePlace < 0n)
      notes.push('its writer did not finish: the table of packets is missing');
    return notes;
  }

  decode(bytes: Uint8Array, events: EventSlot, triggers?: TriggerSlot): number {
    let at = 0;
    while (this.#drain(events, triggers)) {
      if (this.#part === 'end') return bytes.length;
      const missing = this.#needed - this.#keptBytes;
      if (bytes.length - at < missing) {
        this.#keep(bytes.subarray(at));
        return bytes.length;
      }
      const part = this.#takePart(bytes, at, missing);
      at += missing;
      this.#read(part);
      this.#byte += part.length;
    }
    return at;
  }

  /** @returns false while a slot is full */
  #drain(events: EventSlot, triggers: TriggerSlot | undefined): boolean {
    if (this.#pending?.drain(events, triggers) === false) return false;
    this.#pending = null;
    return true;
  }

  #keep(bytes: Uint8Array): void {
    const size = this.#keptBytes + bytes.length;
    if (size > this.#kept.length) {
      const larger = new Uint8Array(Math.max(size, Math.min(this.#needed, 2 * this.#kept.length)));
      larger.set(this.#kept.subarray(0, this.#keptBytes));
      this.#kept = larger;
    }
    this.#kept.set(bytes, this.#keptBytes);
    this.#keptBytes = size;
  }

  #takePart(bytes: Uint8Array, at: number, missing: number): Uint8Array {
    if (this.#keptBytes === 0) return bytes.subarray(at, at + missing);
    this.#keep(bytes.subarray(at, at + missing));
    const part = this.#kept.subarray(0, this.#keptBytes);
    this.#keptBytes = 0;
    return part;
  }

  end(events: EventSlot, triggers?: TriggerSlot): boolean {
    if (!this.#drain(events, triggers)) return false;
    if (!this.isOpen) {
      throw eventFormatError(
        this.#source,
        { byte: this.#byte + this.#keptBytes },
        'the file ends in the header of AEDAT4',
        'copy or record it again',
      );
    }
    this.counts.truncatedBytes += this.#keptBytes + (this.#part === 'packet' ? PACKET_HEAD_BYTES : 0);
    this.#part = 'end';
    this.#keptBytes = 0;
    return true;
  }

  #read(bytes: Uint8Array): void {
    switch (this.#part) {
      case 'signature':
        this.#readSignature(bytes);
        return;
      case 'header size':
        this.#expect('header', 4 + new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true), bytes);
        return;
      case 'header':
        this.#readHeader(bytes);
        return;
      case 'packet head':
        this.#readPacketHead(bytes);
        return;
      case 'packet':
        this.#readPacket(bytes);
        return;
      case 'end':
    }
  }

  /** @param before what was read and belongs to the part too */
  #expect(part: Part, size: number, before?: Uint8Array): void {
    if (size > MAX_PART_BYTES) this.#fail(`a ${part} of ${size} bytes`);
    this.#part = part;
    this.#needed = size;
    if (!before) return;
    this.#byte -= before.length;
    this.#keep(new Uint8Array(before));
  }

  #fail(state: string, cause?: unknown): never {
    const next = 'the file is damaged there: copy or record it again';
    throw eventDataError(this.#source, { byte: this.#byte }, state, next, cause);
  }

  #readSignature(bytes: Uint8Array): void {
    for (let i = 0; i < SIGNATURE.length; i++) {
      if (bytes[i] === SIGNATURE.charCodeAt(i)) continue;
      throw eventFormatError(
        this.#source,
        { byte: i },
        `"${SIGNATURE.trim()}" does not stand there`,
        'name the right format with --format, or another file',
      );
    }
    this.#expect('header size', 4);
  }

  #readHeader(bytes: Uint8Array): void {
    const table = this.#root(bytes, 'IOHE');
    this.#compression = table.int32(0, 0);
    if (!(this.#compression in COMPRESSIONS)) this.#fail(`compression ${this.#compression} is not known`);
    this.#tablePlace = table.int64(1, -1n);
    this.#streams = parseStreams(table.text(2));
    this.#stream ??= this.#streams.find(({ type }) => type === 'EVTS')?.id ?? null;
    this.#expectPacket(bytes.length);
  }

  #root(bytes: Uint8Array, name: string): CheckedTable {
    if (nameOf(bytes) !== name) this.#fail(`"${name}" should stand there`);
    return CheckedTable.root(bytes, (state) => this.#fail(state));
  }

  /** The table of packets ends them. */
  #expectPacket(readBytes: number): void {
    const isTable = this.#tablePlace >= 0n && BigInt(this.#byte + readBytes) >= this.#tablePlace;
    this.#expect(isTable ? 'end' : 'packet head', PACKET_HEAD_BYTES);
  }

  #readPacketHead(bytes: Uint8Array): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    const size = view.getInt32(4, true);
    this.#packetStream = view.getInt32(0, true);
    if (size < 0) this.#fail(`a packet of ${size} bytes`);
    if (size === 0) this.#expectPacket(bytes.length);
    else this.#expect('packet', size);
  }

  #readPacket(bytes: Uint8Array): void {
    const body = this.#decompress(bytes);
    const name = nameOf(body);
    if (name === 'EVTS') this.#readEvents(body);
    else if (name === 'TRIG') {
      // Its tables are read when there is room for them: the bytes have to last until then.
      const tables = this.#root(new Uint8Array(body), name).tables(0);
      this.#pending = new TriggerTables(tables, this.counts, this.#options.resolution ?? 'us');
    } else this.counts.skippedWords++;
    this.#expectPacket(bytes.length);
  }

  #readEvents(body: Uint8Array): void {
    this.#stream ??= this.#packetStream;
    if (this.#stream !== this.#packetStream) {
      this.#otherStreams.add(this.#packetStream);
      return;
    }
    const { start, count } = this.#root(body, 'EVTS').list(0, EventList.EVENT_BYTES);
    this.#events.take(body, start, count, this.geometry, (state) => this.#fail(state));
    this.#pending = this.#events;
  }

  #decompress(bytes: Uint8Array): Uint8Array {
    if (this.#compression === 0) return bytes;
    if (this.#compression <= 2) {
      return decodeLz4Frames(bytes, MAX_PART_BYTES, (byte, state) => {
        this.#byte += byte;
        return this.#fail(state);
      });
    }
    try {
      return zstdDecompressSync(bytes, { maxOutputLength: MAX_PART_BYTES, chunkSize: 1 << 20 });
    } catch (error) {
      return this.#fail('a packet that zstd cannot decompress', error);
    }
  }
}

const PACKET_HEAD_BYTES = 8;

/** The letters that name the schema of a FlatBuffer behind its size. */
const nameOf = (bytes: Uint8Array): string =>
  bytes.length < 12 ? '' : String.fromCharCode(bytes[8]!, bytes[9]!, bytes[10]!, bytes[11]!);
