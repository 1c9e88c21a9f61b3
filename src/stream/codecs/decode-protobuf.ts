// Protobuf → events. The inverse of encode-protobuf.ts. A frame is a DataEvent after its length. Records
// are read here; a field of another wire type than the column's is skipped, as the specification asks.
// Byte by byte: protobuf-columns.ts. Schema: proto/ruvector/telemetry/v1/stream.proto
import { fromBinary } from '@bufbuild/protobuf';
import type { Timestamp } from '@bufbuild/protobuf/wkt';
import type { AnyRow, FieldType } from '../../core/index.ts';
import type { FrameFormat, FrameScanner } from './frame-decoder.ts';
import { DataEventSchema } from './generated/stream_pb.ts';
import type { Gap, Hello } from './generated/stream_pb.ts';
import { readCount, readGapReason, readInteger, readTable, refuse } from './plain-event.ts';
import {
  SEQUENCE_TAG,
  TimestampTag,
  WireType,
  protobufColumnsOf,
  recordNumberOf,
} from './protobuf-columns.ts';
import { streamTables } from '../stream-contract.ts';
import type {
  GapEvent,
  HelloEvent,
  RecordEvent,
  StreamEvent,
  StreamKinds,
  StreamTable,
} from '../stream-contract.ts';

interface Column {
  readonly name: string;
  readonly wireType: WireType;
  readonly read: (cursor: Cursor) => AnyRow[string];
}

interface Table {
  readonly table: StreamTable;
  /** All columns in the order of the kind, each null. */
  readonly empty: AnyRow;
  readonly byNumber: ReadonlyMap<number, Column>;
}

/** A place in a frame. Reading beyond `end` is a RangeError. */
interface Cursor {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  at: number;
  end: number;
  /** Upper half of the last varint. */
  high: number;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const readers: Readonly<Record<FieldType, (cursor: Cursor) => AnyRow[string]>> = {
  timestamp: readTimestamp,
  int64: readInt64,
  int32: (cursor) => readVarint(cursor) | 0,
  int8: (cursor) => readVarint(cursor) | 0,
  uint64: (cursor) => cursor.view.getBigUint64(advance(cursor, 8), true),
  float32: (cursor) => cursor.view.getFloat32(advance(cursor, 4), true),
  float64: (cursor) => cursor.view.getFloat64(advance(cursor, 8), true),
  bool: (cursor) => readVarint(cursor) !== 0 || cursor.high !== 0,
  utf8: (cursor) => {
    const size = readLength(cursor);
    const start = advance(cursor, size);
    return utf8.decode(cursor.bytes.subarray(start, start + size));
  },
};

/** Builds the decoder. @throws TypeError for a column that the .proto does not have */
export function decodeProtobuf(kinds: StreamKinds): FrameFormat {
  const tables = new Map(streamTables.map((table) => [recordNumberOf(table), buildTable(table, kinds)]));
  return {
    createScanner,
    decodeFrame(frame, events) {
      const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
      const cursor: Cursor = { bytes: frame, view, at: 0, end: frame.byteLength, high: 0 };
      readLength(cursor);
      events.push(readEvent(cursor, tables));
    },
  };
}

function buildTable(table: StreamTable, kinds: StreamKinds): Table {
  const columns = protobufColumnsOf(table, kinds);
  return {
    table,
    empty: Object.fromEntries(kinds[table].fields.map(({ name }) => [name, null])),
    byNumber: new Map(
      columns.map(({ name, type, number, wireType }) => [number, { name, wireType, read: readers[type] }]),
    ),
  };
}

/** The length of a frame is a varint of at most five bytes. */
function createScanner(): FrameScanner {
  return (bytes) => {
    let length = 0;
    for (let i = 0; i < bytes.byteLength; i++) {
      length += (bytes[i]! & 0x7f) * 2 ** (7 * i);
      if (bytes[i]! < 0x80) return i + 1 + length <= bytes.byteLength ? i + 1 + length : -1;
      if (i === 4) throw new RangeError('a length of more than five bytes');
    }
    return -1;
  };
}

/** A DataEvent: the record may stand before its sequence number, and unknown fields anywhere. */
function readEvent(cursor: Cursor, tables: ReadonlyMap<number, Table>): StreamEvent {
  const start = cursor.at;
  let sequence = 0;
  let record: Omit<RecordEvent, 'sequence'> | null = null;
  while (cursor.at < cursor.end) {
    const tag = readVarint(cursor) >>> 0;
    const table = tag % 8 === WireType.LEN ? tables.get(tag >>> 3) : undefined;
    if (table) record = readRecord(cursor, table);
    else if (tag === SEQUENCE_TAG) sequence = readCount(readInt64(cursor));
    else skip(cursor, tag % 8);
  }
  if (record) return { ...record, sequence };
  return readControlEvent(cursor.bytes.subarray(start, cursor.end));
}

function readRecord(cursor: Cursor, { table, empty, byNumber }: Table): Omit<RecordEvent, 'sequence'> {
  const outerEnd = enter(cursor);
  const row = { ...empty };
  while (cursor.at < cursor.end) {
    const tag = readVarint(cursor) >>> 0;
    const column = byNumber.get(tag >>> 3);
    if (column?.wireType === tag % 8) row[column.name] = column.read(cursor);
    else skip(cursor, tag % 8);
  }
  cursor.end = outerEnd;
  if (row['timestamp'] === null) return refuse('a record with a timestamp', null);
  return { type: 'record', table, row };
}

/** Narrows the cursor to a nested message; the caller restores the end that is returned. */
function enter(cursor: Cursor): number {
  const size = readLength(cursor);
  const outerEnd = cursor.end;
  if (cursor.at + size > outerEnd) throw new RangeError('a message reaches beyond the one it is in');
  cursor.end = cursor.at + size;
  return outerEnd;
}

function advance(cursor: Cursor, size: number): number {
  const start = cursor.at;
  if (start + size > cursor.end) throw new RangeError('a value reaches beyond its message');
  cursor.at = start + size;
  return start;
}

/**
 * Returns the lower 32 bits, signed, and leaves the upper ones in `cursor.high`. Seven bits a byte, the lowest first:
 *
 *   byte   0     1     2      3      4                5      ..  9
 *   bits   0–6   7–13  14–20  21–27  28–31 and 32–34  35–41      63
 *          low   low   low    low    low and high     high       high
 */
function readVarint(cursor: Cursor): number {
  let low = 0;
  let high = 0;
  for (let shift = 0; shift < 70; shift += 7) {
    const byte = cursor.bytes[advance(cursor, 1)]!;
    const bits = byte & 0x7f;
    if (shift < 28) low |= bits << shift;
    else if (shift === 28) {
      low |= bits << 28;
      high = bits >>> 4;
    } else high |= bits << (shift - 32);
    if (byte < 0x80) {
      cursor.high = high;
      return low;
    }
  }
  throw new RangeError('a varint of more than ten bytes');
}

/** Numbers beyond 2^53 are refused rather than rounded. */
function readInt64(cursor: Cursor): number {
  const low = readVarint(cursor) >>> 0;
  return readInteger(cursor.high * 2 ** 32 + low);
}

function readLength(cursor: Cursor): number {
  const length = readVarint(cursor) >>> 0;
  if (cursor.high !== 0) throw new RangeError('a length beyond 2^32');
  return length;
}

function skip(cursor: Cursor, wireType: number): void {
  if (wireType === WireType.VARINT) readVarint(cursor);
  else if (wireType === WireType.I64) advance(cursor, 8);
  else if (wireType === WireType.I32) advance(cursor, 4);
  else if (wireType === WireType.LEN) advance(cursor, readLength(cursor));
  else throw new RangeError(`wire type ${wireType}`);
}

/** google.protobuf.Timestamp; see TimestampTag. Below a millisecond is cut off. */
function readTimestamp(cursor: Cursor): number {
  const outerEnd = enter(cursor);
  let seconds = 0;
  let nanos = 0;
  while (cursor.at < cursor.end) {
    const tag = readVarint(cursor) >>> 0;
    if (tag === TimestampTag.SECONDS) seconds = readInt64(cursor);
    else if (tag === TimestampTag.NANOS) nanos = readVarint(cursor) | 0;
    else skip(cursor, tag % 8);
  }
  cursor.end = outerEnd;
  return toMs(seconds, nanos);
}

function toMs(seconds: number, nanos: number): number {
  if (nanos < 0 || nanos >= 1_000_000_000) return refuse('nanos of a second', String(nanos));
  return readInteger(seconds * 1000 + Math.floor(nanos / 1_000_000));
}

function readControlEvent(bytes: Uint8Array): StreamEvent {
  const { event } = fromBinary(DataEventSchema, bytes);
  if (event.case === 'gap') return toGap(event.value);
  if (event.case === 'hello') return toHello(event.value);
  return refuse('an event that this version knows', event.case);
}

function toGap({ table, fromSequence, toSequence, dropped, reason }: Gap): GapEvent {
  return {
    type: 'gap',
    table: readTable(table),
    fromSequence: readCount(Number(fromSequence)),
    toSequence: readCount(Number(toSequence)),
    dropped: readCount(Number(dropped)),
    reason: readGapReason(reason),
  };
}

function toHello({ epoch, tables, anonymized, sequences, timestamps, repeats }: Hello): HelloEvent {
  const repeatCounts = readByTable(repeats, (count) => readCount(Number(count)));
  return {
    type: 'hello',
    epoch,
    tables: tables.map(readTable),
    anonymized,
    sequences: readByTable(sequences, (count) => readCount(Number(count))),
    timestamps: readByTable(timestamps, readLibraryTimestamp),
    ...(Object.keys(repeatCounts).length > 0 ? { repeats: repeatCounts } : {}),
  };
}

function readLibraryTimestamp({ seconds, nanos }: Timestamp): number {
  return toMs(readInteger(Number(seconds)), nanos);
}

function readByTable<T>(
  values: Readonly<Record<string, T>>,
  read: (value: T) => number,
): Partial<Record<StreamTable, number>> {
  return Object.fromEntries(Object.entries(values).map(([table, value]) => [readTable(table), read(value)]));
}
