// Events → MessagePack: one map an event, with the keys of JSON Lines. The inverse of decode-msgpack.ts.
// Written by the column's type, which a general encoder cannot: a float64 of 3 stays a float. Integers
// take the shortest form, timestamps the extension type -1.
//
//   record  map(3 + columns)  "event" "record"  "table" str  "sequence" uint   then each column: its name, value or nil
//   gap     map(6)            "event" "gap"     "table" str  "from_sequence" uint  "to_sequence" uint
//                             "dropped" uint  "reason" str
//   hello   map(7)            "event" "hello"   "epoch" str  "tables" array of str  "anonymized" bool
//                             "sequences" "timestamps" "repeats": each a map by table
//
// Values byte by byte: msgpack-markers.ts. https://github.com/msgpack/msgpack/blob/master/spec.md
import type { AnyRow, FieldType } from '../../core/index.ts';
import { ByteWriter, constantOf } from './byte-writer.ts';
import type { Constant } from './byte-writer.ts';
import type { GapEvent, HelloEvent, StreamEvent, StreamKinds, StreamTable } from '../stream-contract.ts';
import {
  EXT_8,
  FALSE,
  FIXARRAY,
  FIXEXT_4,
  FIXEXT_8,
  FIXMAP,
  FIXSTR,
  FLOAT_32,
  FLOAT_64,
  INT_16,
  INT_32,
  INT_64,
  INT_8,
  MAP_16,
  NIL,
  STR_16,
  STR_32,
  STR_8,
  TIMESTAMP_TYPE,
  TRUE,
  UINT_16,
  UINT_32,
  UINT_64,
  UINT_8,
} from './msgpack-markers.ts';
import { buildTableLayouts } from './table-layout.ts';
import type { TableLayout, ValueWriter } from './table-layout.ts';

/** The longest scalar, timestamp 96 of 15 bytes, and what a constant needs behind it. */
const SCALAR_BYTES = 18;
const TIMESTAMP_BYTE = TIMESTAMP_TYPE & 0xff;

const writers: Readonly<Record<FieldType, ValueWriter>> = {
  timestamp: (out, value) => writeTimestamp(out, value as number),
  int64: (out, value) => writeInteger(out, value as number),
  int32: (out, value) => writeInteger(out, value as number),
  int8: (out, value) => writeInteger(out, value as number),
  uint64: (out, value) => writeUint64(out, value as bigint),
  float32: (out, value) => {
    out.bytes[out.length] = FLOAT_32;
    out.view.setFloat32(out.length + 1, value as number);
    out.length += 5;
  },
  float64: (out, value) => {
    out.bytes[out.length] = FLOAT_64;
    out.view.setFloat64(out.length + 1, value as number);
    out.length += 9;
  },
  bool: (out, value) => {
    out.bytes[out.length++] = value === true ? TRUE : FALSE;
  },
  utf8: (out, value) => writeText(out, value as string),
};

/** Builds the encoder. Missing keys of a row are nil. */
export function encodeMsgpack(kinds: StreamKinds): (events: readonly StreamEvent[]) => Uint8Array {
  const out = new ByteWriter();
  const tables = buildTableLayouts((table) => buildTable(table, kinds));
  return (events) => {
    out.length = 0;
    for (const event of events) writeEvent(out, event, tables);
    return out.take();
  };
}

/** A record up to its sequence number, and its columns by their names. */
function buildTable(table: StreamTable, kinds: StreamKinds): TableLayout {
  const columns = kinds[table].fields.map(({ name, type }) => ({
    name,
    key: constant((out) => writeText(out, name)),
    write: writers[type],
  }));
  const head = constant((out) => {
    writeMapHead(out, 3 + columns.length);
    writeTexts(out, ['event', 'record', 'table', table, 'sequence']);
  });
  return { head, columns };
}

function constant(write: (out: ByteWriter) => void): Constant {
  const out = new ByteWriter();
  write(out);
  return constantOf(out.take());
}

function writeEvent(
  out: ByteWriter,
  event: StreamEvent,
  tables: Readonly<Record<StreamTable, TableLayout>>,
): void {
  switch (event.type) {
    case 'record':
      return writeRecord(out, event.sequence, event.row, tables[event.table]);
    case 'gap':
      return writeGap(out, event);
    case 'hello':
      return writeHello(out, event);
  }
}

function writeRecord(out: ByteWriter, sequence: number, row: AnyRow, { head, columns }: TableLayout): void {
  out.reserve(head.length + SCALAR_BYTES);
  out.append(head);
  writeInteger(out, sequence);
  for (const { name, key, write } of columns) {
    out.reserve(key.length + SCALAR_BYTES);
    out.append(key);
    const value = row[name];
    if (value === null || value === undefined) out.bytes[out.length++] = NIL;
    else write(out, value);
  }
}

function writeGap(out: ByteWriter, { table, fromSequence, toSequence, dropped, reason }: GapEvent): void {
  writeMapHead(out, 6);
  writeTexts(out, ['event', 'gap', 'table', table, 'from_sequence']);
  writeInteger(out, fromSequence);
  writeText(out, 'to_sequence');
  writeInteger(out, toSequence);
  writeText(out, 'dropped');
  writeInteger(out, dropped);
  writeTexts(out, ['reason', reason]);
}

function writeHello(out: ByteWriter, event: HelloEvent): void {
  writeMapHead(out, 7);
  writeTexts(out, ['event', 'hello', 'epoch', event.epoch, 'tables']);
  out.reserve(SCALAR_BYTES);
  out.bytes[out.length++] = FIXARRAY | event.tables.length;
  writeTexts(out, event.tables);
  writeText(out, 'anonymized');
  out.reserve(SCALAR_BYTES);
  writers.bool(out, event.anonymized);
  writeByTable(out, 'sequences', event.sequences, writeInteger);
  writeByTable(out, 'timestamps', event.timestamps, writeTimestamp);
  writeByTable(out, 'repeats', event.repeats ?? {}, writeInteger);
}

function writeByTable(
  out: ByteWriter,
  key: string,
  values: Readonly<Partial<Record<StreamTable, number>>>,
  write: (out: ByteWriter, value: number) => void,
): void {
  const entries = Object.entries(values);
  writeText(out, key);
  writeMapHead(out, entries.length);
  for (const [table, value] of entries) {
    writeText(out, table);
    out.reserve(SCALAR_BYTES);
    write(out, value);
  }
}

function writeTexts(out: ByteWriter, texts: readonly string[]): void {
  for (const text of texts) writeText(out, text);
  out.reserve(SCALAR_BYTES);
}

/** A map's head: up to 15 entries in the marker, or map 16. */
function writeMapHead(out: ByteWriter, entries: number): void {
  out.reserve(SCALAR_BYTES);
  if (entries < 16) {
    out.bytes[out.length++] = FIXMAP | entries;
    return;
  }
  out.bytes[out.length] = MAP_16;
  out.view.setUint16(out.length + 1, entries);
  out.length += 3;
}

/**
 * A text: its head is 1, 2, 3 or 5 bytes (fixstr, str 8, str 16, str 32), which is known only when its UTF-8 is
 * written, so it goes behind room for the longest and moves down. Leaves room for a scalar behind it.
 */
function writeText(out: ByteWriter, text: string): void {
  const prefixBytes = 5;
  const start = out.length;
  const size = out.appendText(text, prefixBytes);
  const { bytes, view } = out;
  const headBytes = size < 32 ? 1 : size < 2 ** 8 ? 2 : size < 2 ** 16 ? 3 : 5;
  if (size < 32) bytes[start] = FIXSTR | size;
  else if (size < 2 ** 8) view.setUint16(start, (STR_8 << 8) | size);
  else {
    bytes[start] = size < 2 ** 16 ? STR_16 : STR_32;
    if (size < 2 ** 16) view.setUint16(start + 1, size);
    else view.setUint32(start + 1, size);
  }
  bytes.copyWithin(start + headBytes, start + prefixBytes, out.length);
  out.length = start + headBytes + size;
  out.reserve(SCALAR_BYTES);
}

/** Safe integers in their shortest form: 1, 2, 3, 5 or 9 bytes with the marker. */
function writeInteger(out: ByteWriter, value: number): void {
  const { bytes, view, length: at } = out;
  if (value < 0) {
    writeNegative(out, value);
  } else if (value < 2 ** 7) {
    bytes[at] = value;
    out.length = at + 1;
  } else if (value < 2 ** 8) {
    bytes[at] = UINT_8;
    bytes[at + 1] = value;
    out.length = at + 2;
  } else if (value < 2 ** 16) {
    bytes[at] = UINT_16;
    view.setUint16(at + 1, value);
    out.length = at + 3;
  } else if (value < 2 ** 32) {
    bytes[at] = UINT_32;
    view.setUint32(at + 1, value);
    out.length = at + 5;
  } else {
    bytes[at] = UINT_64;
    view.setUint32(at + 1, value / 2 ** 32);
    view.setUint32(at + 5, value);
    out.length = at + 9;
  }
}

function writeNegative(out: ByteWriter, value: number): void {
  const { bytes, view, length: at } = out;
  if (value >= -(2 ** 5)) {
    bytes[at] = value;
    out.length = at + 1;
  } else if (value >= -(2 ** 7)) {
    bytes[at] = INT_8;
    view.setInt8(at + 1, value);
    out.length = at + 2;
  } else if (value >= -(2 ** 15)) {
    bytes[at] = INT_16;
    view.setInt16(at + 1, value);
    out.length = at + 3;
  } else if (value >= -(2 ** 31)) {
    bytes[at] = INT_32;
    view.setInt32(at + 1, value);
    out.length = at + 5;
  } else {
    bytes[at] = INT_64;
    view.setInt32(at + 1, Math.floor(value / 2 ** 32));
    view.setUint32(at + 5, value);
    out.length = at + 9;
  }
}

function writeUint64(out: ByteWriter, value: bigint): void {
  if (value <= 0xffff_ffffn) {
    writeInteger(out, Number(value));
    return;
  }
  out.bytes[out.length] = UINT_64;
  out.view.setBigUint64(out.length + 1, value);
  out.length += 9;
}

/**
 * A timestamp in its shortest form:
 *
 *   0  1  0xd6            0  1  0xd7                  0  1  0xc7
 *   1  1  0xff            1  1  0xff                  1  1  12, the length
 *   2  4  seconds         2  8  nanoseconds << 34     2  1  0xff
 *                               | seconds             3  4  nanoseconds
 *                                                     7  8  seconds, signed
 */
function writeTimestamp(out: ByteWriter, ms: number): void {
  const { bytes, view, length: at } = out;
  const seconds = Math.floor(ms / 1000);
  const nanoseconds = (ms - seconds * 1000) * 1_000_000;
  if (seconds < 0 || seconds >= 2 ** 34) {
    bytes.set([EXT_8, 12, TIMESTAMP_TYPE], at);
    view.setUint32(at + 3, nanoseconds);
    view.setInt32(at + 7, Math.floor(seconds / 2 ** 32));
    view.setUint32(at + 11, seconds);
    out.length = at + 15;
  } else if (nanoseconds === 0 && seconds < 2 ** 32) {
    view.setUint16(at, (FIXEXT_4 << 8) | TIMESTAMP_BYTE);
    view.setUint32(at + 2, seconds);
    out.length = at + 6;
  } else {
    view.setUint16(at, (FIXEXT_8 << 8) | TIMESTAMP_BYTE);
    view.setUint32(at + 2, nanoseconds * 4 + Math.floor(seconds / 2 ** 32));
    view.setUint32(at + 6, seconds);
    out.length = at + 10;
  }
}
