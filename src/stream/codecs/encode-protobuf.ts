// Events → Protobuf: each a DataEvent after its length. The inverse of decode-protobuf.ts. Records are
// written here by their columns, several times as fast as through descriptors; hello and gap by the library.
// Byte by byte: protobuf-columns.ts. Schema: proto/ruvector/telemetry/v1/stream.proto
import { create, toBinary } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { AnyRow, FieldType } from '../../core/index.ts';
import { ByteWriter, constantOf } from './byte-writer.ts';
import type { Constant } from './byte-writer.ts';
import { DataEventSchema } from './generated/stream_pb.ts';
import type { DataEvent } from './generated/stream_pb.ts';
import {
  SEQUENCE_TAG,
  TimestampTag,
  WireType,
  protobufColumnsOf,
  recordNumberOf,
} from './protobuf-columns.ts';
import type {
  GapEvent,
  HelloEvent,
  RecordEvent,
  StreamEvent,
  StreamKinds,
  StreamTable,
} from '../stream-contract.ts';
import { buildTableLayouts } from './table-layout.ts';
import type { ColumnLayout, TableLayout, ValueWriter } from './table-layout.ts';

const VARINT_BYTES = 10;
/** The longest value without text: a timestamp of 1 + 11 + 6 bytes; and a tag before it. */
const VALUE_BYTES = 24;
/** Room for all that stands before a record: length, tag and sequence, tag and length. */
const HEAD_BYTES = 3 * VARINT_BYTES + 4;

const writers: Readonly<Record<FieldType, ValueWriter>> = {
  timestamp: (out, value) => writeTimestamp(out, value as number),
  int64: (out, value) => writeVarint(out, value as number),
  int32: (out, value) => writeVarint(out, value as number),
  int8: (out, value) => writeVarint(out, value as number),
  uint64: (out, value) => {
    out.view.setBigUint64(out.length, value as bigint, true);
    out.length += 8;
  },
  float32: (out, value) => {
    out.view.setFloat32(out.length, value as number, true);
    out.length += 4;
  },
  float64: (out, value) => {
    out.view.setFloat64(out.length, value as number, true);
    out.length += 8;
  },
  bool: (out, value) => {
    out.bytes[out.length++] = value === true ? 1 : 0;
  },
  utf8: (out, value) => writeText(out, value as string),
};

/**
 * Builds the encoder. Null and missing keys of a row are left out.
 * @throws TypeError for a column that the .proto does not have
 */
export function encodeProtobuf(kinds: StreamKinds): (events: readonly StreamEvent[]) => Uint8Array {
  const out = new ByteWriter();
  const tables = buildTableLayouts((table) => buildTable(table, kinds));
  return (events) => {
    out.length = 0;
    for (const event of events) {
      if (event.type === 'record') writeRecord(out, event, tables[event.table]);
      else
        writeDelimited(out, toBinary(DataEventSchema, event.type === 'gap' ? toGap(event) : toHello(event)));
    }
    return out.take();
  };
}

/** The tag of the record's field in DataEvent, and its columns by their tags: field number and wire type. */
function buildTable(table: StreamTable, kinds: StreamKinds): TableLayout {
  const columns = protobufColumnsOf(table, kinds).map(({ name, type, number, wireType }) => ({
    name,
    key: tagOf(number, wireType),
    write: writers[type],
  }));
  return { head: tagOf(recordNumberOf(table), WireType.LEN), columns };
}

function tagOf(number: number, wireType: WireType): Constant {
  const out = new ByteWriter();
  writeVarint(out, number * 8 + wireType);
  return constantOf(out.take());
}

/**
 * The record goes behind room for its head, and moves down once its length is known.
 *
 *   varint           length of the DataEvent, which is all that follows
 *   0x08 varint      sequence; left out when 0
 *   head varint n    tag and length of the record
 *   n                the columns
 */
function writeRecord(out: ByteWriter, { sequence, row }: RecordEvent, { head, columns }: TableLayout): void {
  out.reserve(HEAD_BYTES);
  const start = out.length;
  const body = start + HEAD_BYTES;
  out.length = body;
  writeColumns(out, row, columns);
  const end = out.length;
  out.length = start;
  const sequenceBytes = sequence === 0 ? 0 : 1 + varintBytesOf(sequence);
  writeVarint(out, sequenceBytes + head.length + varintBytesOf(end - body) + (end - body));
  if (sequence !== 0) {
    out.bytes[out.length++] = SEQUENCE_TAG;
    writeVarint(out, sequence);
  }
  out.append(head);
  writeVarint(out, end - body);
  out.bytes.copyWithin(out.length, body, end);
  out.length += end - body;
}

function writeColumns(out: ByteWriter, row: AnyRow, columns: readonly ColumnLayout[]): void {
  for (const { name, key, write } of columns) {
    const value = row[name];
    if (value === null || value === undefined) continue;
    out.reserve(VALUE_BYTES);
    out.append(key);
    write(out, value);
  }
}

/** Seven bits a byte, the lowest first; a negative number as its 64-bit two's complement: ten bytes. */
function writeVarint(out: ByteWriter, value: number): void {
  if (value < 0) {
    writeNegativeVarint(out, BigInt.asUintN(64, BigInt(value)));
    return;
  }
  const { bytes } = out;
  let at = out.length;
  let rest = value;
  for (; rest >= 2 ** 31; rest = Math.floor(rest / 128)) bytes[at++] = (rest % 128) | 0x80;
  for (; rest >= 128; rest >>>= 7) bytes[at++] = (rest & 0x7f) | 0x80;
  bytes[at++] = rest;
  out.length = at;
}

function writeNegativeVarint(out: ByteWriter, value: bigint): void {
  for (let rest = value; ; rest >>= 7n) {
    const low = Number(rest & 0x7fn);
    if (rest < 128n) {
      out.bytes[out.length++] = low;
      return;
    }
    out.bytes[out.length++] = low | 0x80;
  }
}

function varintBytesOf(value: number): number {
  let size = 1;
  for (let limit = 128; value >= limit; limit *= 128) size++;
  return size;
}

function writeText(out: ByteWriter, text: string): void {
  const start = out.length;
  const size = out.appendText(text, VARINT_BYTES);
  out.length = start;
  writeVarint(out, size);
  out.bytes.copyWithin(out.length, start + VARINT_BYTES, start + VARINT_BYTES + size);
  out.length += size;
}

/**
 * google.protobuf.Timestamp, which is shorter than 128 bytes: its length is one byte, set at the end.
 *
 *   0   1       length of what follows
 *   1   2 – 11  0x08, seconds; left out when 0
 *   ..  2 – 6   0x10, nanos; left out when 0
 */
function writeTimestamp(out: ByteWriter, ms: number): void {
  const seconds = Math.floor(ms / 1000);
  const nanos = (ms - seconds * 1000) * 1_000_000;
  const start = out.length++;
  if (seconds !== 0) {
    out.bytes[out.length++] = TimestampTag.SECONDS;
    writeVarint(out, seconds);
  }
  if (nanos !== 0) {
    out.bytes[out.length++] = TimestampTag.NANOS;
    writeVarint(out, nanos);
  }
  out.bytes[start] = out.length - start - 1;
}

function writeDelimited(out: ByteWriter, message: Uint8Array): void {
  out.reserve(VARINT_BYTES + message.length);
  writeVarint(out, message.length);
  out.bytes.set(message, out.length);
  out.length += message.length;
}

function toGap({ table, fromSequence, toSequence, dropped, reason }: GapEvent): DataEvent {
  const value = {
    table,
    fromSequence: BigInt(fromSequence),
    toSequence: BigInt(toSequence),
    dropped: BigInt(dropped),
    reason,
  };
  return create(DataEventSchema, { event: { case: 'gap', value } });
}

function toHello({ epoch, tables, anonymized, sequences, timestamps, repeats }: HelloEvent): DataEvent {
  const value = {
    epoch: epoch.toWellFormed(),
    tables: [...tables],
    anonymized,
    sequences: mapValues(sequences, BigInt),
    timestamps: mapValues(timestamps, timestampFromMs),
    repeats: mapValues(repeats ?? {}, BigInt),
  };
  return create(DataEventSchema, { event: { case: 'hello', value } });
}

function mapValues<T>(
  values: Readonly<Partial<Record<StreamTable, number>>>,
  convert: (value: number) => T,
): Record<string, T> {
  return Object.fromEntries(Object.entries(values).map(([table, value]) => [table, convert(value)]));
}
