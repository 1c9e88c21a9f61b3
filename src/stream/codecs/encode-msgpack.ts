// Events → MessagePack: one map an event, with the keys of JSON Lines. The inverse of decode-msgpack.ts.
// Written by the column's type, which a general encoder cannot: a float64 of 3 stays a float. Integers
// take the shortest form, timestamps the extension type -1.
// https://github.com/msgpack/msgpack/blob/master/spec.md
import type { AnyRow, FieldType } from '../../core/index.ts';
import { ByteWriter, constantOf } from './byte-writer.ts';
import type { Constant } from './byte-writer.ts';
import type { GapEvent, HelloEvent, StreamEvent, StreamKinds, StreamTable } from '../stream-contract.ts';
import { buildTableLayouts } from './table-layout.ts';
import type { TableLayout, ValueWriter } from './table-layout.ts';

/** The longest scalar, timestamp 96 of 15 bytes, and what a constant needs behind it. */
const SCALAR_BYTES = 18;
const NIL = 0xc0;

const writers: Readonly<Record<FieldType, ValueWriter>> = {
  timestamp: (out, value) => writeTimestamp(out, value as number),
  int64: (out, value) => writeInteger(out, value as number),
  int32: (out, value) => writeInteger(out, value as number),
  int8: (out, value) => writeInteger(out, value as number),
  uint64: (out, value) => writeUint64(out, value as bigint),
  float32: (out, value) => {
    out.bytes[out.length] = 0xca;
    out.view.setFloat32(out.length + 1, value as number);
    out.length += 5;
  },
  float64: (out, value) => {
    out.bytes[out.length] = 0xcb;
    out.view.setFloat64(out.length + 1, value as number);
    out.length += 9;
  },
  bool: (out, value) => {
    out.bytes[out.length++] = value === true ? 0xc3 : 0xc2;
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
  out.bytes[out.length++] = 0x90 | event.tables.length;
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

/** fixmap (0x80 | n) or map 16 (0xde, u16). */
function writeMapHead(out: ByteWriter, entries: number): void {
  out.reserve(SCALAR_BYTES);
  if (entries < 16) {
    out.bytes[out.length++] = 0x80 | entries;
    return;
  }
  out.bytes[out.length] = 0xde;
  out.view.setUint16(out.length + 1, entries);
  out.length += 3;
}

/** fixstr (0xa0 | n), str 8 (0xd9), str 16 (0xda) or str 32 (0xdb); leaves room for a scalar behind it. */
function writeText(out: ByteWriter, text: string): void {
  const prefixBytes = 5;
  const start = out.length;
  const size = out.appendText(text, prefixBytes);
  const { bytes, view } = out;
  const headBytes = size < 32 ? 1 : size < 2 ** 8 ? 2 : size < 2 ** 16 ? 3 : 5;
  if (size < 32) bytes[start] = 0xa0 | size;
  else if (size < 2 ** 8) view.setUint16(start, 0xd900 | size);
  else {
    bytes[start] = size < 2 ** 16 ? 0xda : 0xdb;
    if (size < 2 ** 16) view.setUint16(start + 1, size);
    else view.setUint32(start + 1, size);
  }
  bytes.copyWithin(start + headBytes, start + prefixBytes, out.length);
  out.length = start + headBytes + size;
  out.reserve(SCALAR_BYTES);
}

/** Safe integers in their shortest form. */
function writeInteger(out: ByteWriter, value: number): void {
  const { bytes, view, length: at } = out;
  if (value < 0) {
    writeNegative(out, value);
  } else if (value < 2 ** 7) {
    bytes[at] = value;
    out.length = at + 1;
  } else if (value < 2 ** 8) {
    bytes[at] = 0xcc;
    bytes[at + 1] = value;
    out.length = at + 2;
  } else if (value < 2 ** 16) {
    bytes[at] = 0xcd;
    view.setUint16(at + 1, value);
    out.length = at + 3;
  } else if (value < 2 ** 32) {
    bytes[at] = 0xce;
    view.setUint32(at + 1, value);
    out.length = at + 5;
  } else {
    bytes[at] = 0xcf;
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
    bytes[at] = 0xd0;
    view.setInt8(at + 1, value);
    out.length = at + 2;
  } else if (value >= -(2 ** 15)) {
    bytes[at] = 0xd1;
    view.setInt16(at + 1, value);
    out.length = at + 3;
  } else if (value >= -(2 ** 31)) {
    bytes[at] = 0xd2;
    view.setInt32(at + 1, value);
    out.length = at + 5;
  } else {
    bytes[at] = 0xd3;
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
  out.bytes[out.length] = 0xcf;
  out.view.setBigUint64(out.length + 1, value);
  out.length += 9;
}

/**
 * Extension type -1 in its shortest form: 32 (seconds), 64 (nanoseconds in 30 bits, seconds in 34) or 96.
 */
function writeTimestamp(out: ByteWriter, ms: number): void {
  const { bytes, view, length: at } = out;
  const seconds = Math.floor(ms / 1000);
  const nanoseconds = (ms - seconds * 1000) * 1_000_000;
  if (seconds < 0 || seconds >= 2 ** 34) {
    bytes.set([0xc7, 12, 0xff], at);
    view.setUint32(at + 3, nanoseconds);
    view.setInt32(at + 7, Math.floor(seconds / 2 ** 32));
    view.setUint32(at + 11, seconds);
    out.length = at + 15;
  } else if (nanoseconds === 0 && seconds < 2 ** 32) {
    view.setUint16(at, 0xd6ff);
    view.setUint32(at + 2, seconds);
    out.length = at + 6;
  } else {
    view.setUint16(at, 0xd7ff);
    view.setUint32(at + 2, nanoseconds * 4 + Math.floor(seconds / 2 ** 32));
    view.setUint32(at + 6, seconds);
    out.length = at + 10;
  }
}
