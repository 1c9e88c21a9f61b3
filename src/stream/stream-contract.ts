// The contract of data streams: what a subscriber asks for and what it gets, whatever the transport
// and the format. No code.
import type { AnyRow, RecordKind } from '../core/index.ts';

export const streamFormats = ['jsonlines', 'msgpack', 'protobuf', 'arrow'] as const;
export type StreamFormat = (typeof streamFormats)[number];

export const streamTransports = ['zeromq', 'websocket', 'pipe'] as const;
export type StreamTransport = (typeof streamTransports)[number];

export const streamTables = ['memory', 'process', 'optimization'] as const;
export type StreamTable = (typeof streamTables)[number];

/** What becomes of a subscriber that does not keep up. */
export const overflowPolicies = ['block', 'drop-oldest', 'spill'] as const;
export type OverflowPolicy = (typeof overflowPolicies)[number];

/**
 * One condition on a column of the table, by the names users see.
 * Text columns take `==` and `!=`. A null never matches.
 */
export interface StreamFilter {
  readonly column: string;
  readonly op: '==' | '!=' | '<' | '<=' | '>' | '>=';
  readonly value: number | string | boolean;
}

/** Where a subscriber stopped. */
export interface StreamPosition {
  /** The server's run; sequence numbers count within it. */
  readonly epoch: string;
  /** Last sequence number seen, by table. */
  readonly sequences: Readonly<Partial<Record<StreamTable, number>>>;
  /** Timestamp of the last record seen, by table: what counts when the epoch is another one. */
  readonly timestamps: Readonly<Partial<Record<StreamTable, number>>>;
  /** How many records with that last timestamp were seen, by table. @default all there are */
  readonly repeats?: Readonly<Partial<Record<StreamTable, number>>>;
}

/** What a subscriber asks for. */
export interface StreamRequest {
  /** @default all */
  readonly tables?: readonly StreamTable[];
  /** All must hold; each applies to the tables that have its column. */
  readonly filters?: readonly StreamFilter[];
  /**
   * At least this long between two samples of a table (5 % less passes: a sampler's clock jitters);
   * 0 is every sample. Counts the samples that the filters leave. @default 0
   */
  readonly intervalMs?: number;
  /** Go on after this position; what the history does not hold any more comes as a gap. */
  readonly after?: StreamPosition;
  /** @default 'drop-oldest' */
  readonly overflow?: OverflowPolicy;
}

/** A record of a table: names and units of the export document first (buildAdrView), then the rest. */
export interface RecordEvent {
  readonly type: 'record';
  readonly table: StreamTable;
  /**
   * From 1, without holes, for each table of an epoch. What a filter or an interval leaves out keeps its
   * number. 0 is a record of an earlier epoch, read from the history.
   */
  readonly sequence: number;
  readonly row: AnyRow;
}

/** Records that will not come. */
export interface GapEvent {
  readonly type: 'gap';
  readonly table: StreamTable;
  /** First and last sequence number that are missing; both 0 for records of an earlier epoch. */
  readonly fromSequence: number;
  readonly toSequence: number;
  /** How many records of this subscription they were; 0 when it is not known (an earlier epoch). */
  readonly dropped: number;
  readonly reason: 'overflow' | 'expired';
}

/** First event of every subscription. What follows comes after its position. */
export interface HelloEvent extends StreamPosition {
  readonly type: 'hello';
  readonly tables: readonly StreamTable[];
  /** True when names are hashed and free text is removed. */
  readonly anonymized: boolean;
}

export type StreamEvent = RecordEvent | GapEvent | HelloEvent;

/** The record kinds (as users see them) of a stream's tables: what a codec needs to know. */
export type StreamKinds = Readonly<Record<StreamTable, RecordKind>>;

/** Turns events into bytes and back. One message carries one or more events. */
export interface StreamCodec {
  readonly format: StreamFormat;
  /** One self-contained message for WebSocket and ZeroMQ, or the next bytes of a pipe: concatenation is valid. */
  encode(events: readonly StreamEvent[]): Uint8Array;
  /** @throws WireError `ERR_WIRE_STREAM_DECODE` for anything that is not a whole message */
  decode(message: Uint8Array): StreamEvent[];
  /** Decodes a byte stream in pieces of any size. */
  createDecoder(): StreamDecoder;
}

/** Decodes a byte stream. */
export interface StreamDecoder {
  /** Takes the next bytes and returns the events that are complete now. @throws as `decode` */
  push(bytes: Uint8Array): StreamEvent[];
  /** @throws WireError `ERR_WIRE_STREAM_DECODE` when an event was cut short */
  end(): void;
}
