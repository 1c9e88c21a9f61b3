// Events → Arrow IPC streams, one behind the other. The inverse of decode-arrow.ts. Events of one kind and
// table that follow each other are one record batch. The schema message never changes and the metadata of
// a batch only in its numbers, so both are made once and copied. Byte by byte: arrow-message.ts.
// https://arrow.apache.org/docs/format/Columnar.html#ipc-streaming-format
import * as arrow from 'apache-arrow';
import {
  BufferRegion,
  FieldNode,
  Message,
  RecordBatch as BatchHeader,
} from 'apache-arrow/ipc/metadata/message';
import { encodeSchema, toArrowSchema } from '../../core/index.ts';
import type { AnyRow, Field, FieldType, RecordKind } from '../../core/index.ts';
import {
  BatchSlot,
  CONTINUATION,
  MessageSlot,
  MetadataKey,
  PREFIX_BYTES,
  STRUCT_BYTES,
  gapKind,
  helloKind,
  sequenceField,
} from './arrow-message.ts';
import { ByteWriter } from './byte-writer.ts';
import { positionOf, rootOf, tableOf, vectorOf } from './flatbuffer.ts';
import { streamTables } from '../stream-contract.ts';
import type { GapEvent, HelloEvent, StreamEvent, StreamKinds } from '../stream-contract.ts';

/** Larger runs become several streams, so that a reader with little memory can follow. */
const MAX_ROWS = 4096;

/** Writes the buffers of a column, and notes where they are. */
type ColumnWriter = (out: ByteWriter, name: string, rows: readonly AnyRow[], places: BufferPlaces) => void;

interface Column {
  readonly name: string;
  readonly write: ColumnWriter;
}

/** A table as bytes: its schema message, and the metadata of a batch with the places of its numbers. */
interface Layout {
  readonly schema: Uint8Array;
  readonly metadata: Uint8Array;
  readonly columns: readonly Column[];
  /** Places in `metadata`. */
  readonly rowsAt: number;
  readonly bodyBytesAt: number;
  readonly nodesAt: number;
  readonly buffersAt: number;
}

/** Where the numbers of the batch being written go, counted from the start of `out`. */
interface BufferPlaces {
  bodyStart: number;
  nextNode: number;
  nextBuffer: number;
}

interface Run {
  readonly key: string;
  readonly events: readonly StreamEvent[];
}

/** Builds the encoder. Missing keys of a row are null. */
export function encodeArrow(kinds: StreamKinds): (events: readonly StreamEvent[]) => Uint8Array {
  const out = new ByteWriter();
  const layouts = buildLayouts(kinds);
  return (events) => {
    out.length = 0;
    for (const { key, events: run } of runsOf(events)) writeRun(out, layouts.get(key)!, run);
    return out.take();
  };
}

function buildLayouts(kinds: StreamKinds): ReadonlyMap<string, Layout> {
  const tables = streamTables.map((table): [string, Layout] => {
    const kind = { ...kinds[table], fields: [sequenceField, ...kinds[table].fields] };
    return [
      table,
      buildLayout(kind, [
        [MetadataKey.EVENT, 'record'],
        [MetadataKey.TABLE, table],
      ]),
    ];
  });
  return new Map([
    ...tables,
    ['gap', buildLayout(gapKind, [[MetadataKey.EVENT, 'gap']])],
    ['hello', buildLayout(helloKind, [[MetadataKey.EVENT, 'hello']])],
  ]);
}

function buildLayout(kind: RecordKind, metadata: readonly (readonly [string, string])[]): Layout {
  // A column that the sender's host lacks is null, so only what every record has is not nullable.
  const isRequired = ({ name, nullable }: Field): boolean =>
    !nullable && (name === sequenceField.name || name === 'timestamp');
  const fields = toArrowSchema(kind).fields.map(
    ({ name, type }, i) => new arrow.Field(name, type, !isRequired(kind.fields[i]!)),
  );
  const columns = kind.fields.map(({ name, type }) => ({ name, write: writers[type] }));
  return {
    schema: encodeSchema(new arrow.Schema(fields, new Map(metadata))),
    columns,
    ...buildMetadata(
      kind.fields.map(({ type }) => (type === 'utf8' ? 3 : 2)).reduce<number>((a, b) => a + b, 0),
      columns.length,
    ),
  };
}

/** Numbers other than 0, so that none is left out as the default, and finds where they stand. */
function buildMetadata(buffers: number, nodes: number): Omit<Layout, 'schema' | 'columns'> {
  const header = new BatchHeader(
    1,
    Array.from({ length: nodes }, () => new FieldNode(1, 1)),
    Array.from({ length: buffers }, () => new BufferRegion(8, 8)),
    null,
  );
  const encoded = Message.encode(Message.from(header, 8));
  const metadata = new Uint8Array(align(encoded.length));
  metadata.set(encoded);
  const message = rootOf(new DataView(metadata.buffer));
  const batch = tableOf(message, MessageSlot.HEADER)!;
  return {
    metadata,
    bodyBytesAt: positionOf(message, MessageSlot.BODY_LENGTH),
    rowsAt: positionOf(batch, BatchSlot.LENGTH),
    nodesAt: vectorOf(batch, BatchSlot.NODES, STRUCT_BYTES).start,
    buffersAt: vectorOf(batch, BatchSlot.BUFFERS, STRUCT_BYTES).start,
  };
}

/** A hello is a stream of its own: its rows are one event. */
function runsOf(events: readonly StreamEvent[]): Run[] {
  const runs: Run[] = [];
  let start = 0;
  for (let end = 1; end <= events.length; end++) {
    const key = keyOf(events[start]!);
    const isFull = end - start === MAX_ROWS || key === 'hello';
    if (end < events.length && !isFull && keyOf(events[end]!) === key) continue;
    runs.push({ key, events: events.slice(start, end) });
    start = end;
  }
  return runs;
}

function keyOf(event: StreamEvent): string {
  return event.type === 'record' ? event.table : event.type;
}

function writeRun(out: ByteWriter, layout: Layout, events: readonly StreamEvent[]): void {
  const [first] = events;
  if (first?.type === 'record') {
    const rows = events.map((event) => (event.type === 'record' ? event.row : {}));
    writeStream(out, layout, rows, events as unknown as readonly AnyRow[]);
  } else {
    const rows = events.flatMap((event) => (event.type === 'gap' ? [gapRow(event)] : helloRows(event)));
    writeStream(out, layout, rows, rows);
  }
}

/**
 * One stream, in the order in which it is written:
 *
 *   schema message         copied
 *   prefix, metadata       copied; its numbers are set last: rows, size of the body, nodes, buffers
 *   body                   validity, values (and texts) of each column
 *   prefix of size 0       the end
 *
 * @param heads where the first column, `sequence`, is read from
 */
function writeStream(
  out: ByteWriter,
  layout: Layout,
  rows: readonly AnyRow[],
  heads: readonly AnyRow[],
): void {
  const { schema, metadata, columns } = layout;
  out.reserve(schema.length + PREFIX_BYTES + metadata.length);
  out.bytes.set(schema, out.length);
  out.length += schema.length;
  writePrefix(out, metadata.length);
  const metadataAt = out.length;
  out.bytes.set(metadata, metadataAt);
  out.length += metadata.length;
  const places: BufferPlaces = {
    bodyStart: out.length,
    nextNode: metadataAt + layout.nodesAt,
    nextBuffer: metadataAt + layout.buffersAt,
  };
  for (const { name, write } of columns) {
    const source = name === sequenceField.name ? heads : rows;
    write(out, name, source, places);
  }
  writeSize(out, metadataAt + layout.rowsAt, rows.length);
  writeSize(out, metadataAt + layout.bodyBytesAt, out.length - places.bodyStart);
  out.reserve(PREFIX_BYTES);
  writePrefix(out, 0);
}

/** 0 4 0xFFFFFFFF · 4 4 size of the metadata. */
function writePrefix(out: ByteWriter, metadataBytes: number): void {
  out.view.setInt32(out.length, CONTINUATION, true);
  out.view.setInt32(out.length + 4, metadataBytes, true);
  out.length += PREFIX_BYTES;
}

/** An i64 that stays below 2^31: the upper half is 0 in the copied metadata. */
function writeSize(out: ByteWriter, at: number, size: number): void {
  out.view.setInt32(at, size, true);
}

/** Takes zeroed room for the next buffer, padded to 8 bytes, and notes where it is. */
function takeBuffer(out: ByteWriter, sizeBytes: number, places: BufferPlaces): number {
  const padded = align(sizeBytes);
  out.reserve(padded);
  const start = out.length;
  // One store for the buffers of a single row: `fill` would cost more than all else.
  if (padded === 8) out.view.setFloat64(start, 0);
  else out.bytes.fill(0, start, start + padded);
  out.length = start + padded;
  noteBuffer(out, start, sizeBytes, places);
  return start;
}

/** A Buffer of the metadata: 0 8 offset in the body · 8 8 size without padding. */
function noteBuffer(out: ByteWriter, start: number, sizeBytes: number, places: BufferPlaces): void {
  writeSize(out, places.nextBuffer, start - places.bodyStart);
  writeSize(out, places.nextBuffer + 8, sizeBytes);
  places.nextBuffer += STRUCT_BYTES;
}

/** A FieldNode of the metadata: 0 8 rows · 8 8 nulls. */
function noteNode(out: ByteWriter, rows: number, nulls: number, places: BufferPlaces): void {
  writeSize(out, places.nextNode, rows);
  writeSize(out, places.nextNode + 8, nulls);
  places.nextNode += STRUCT_BYTES;
}

/** Validity: least significant bit first, 1 for a value. */
function markValid(bytes: Uint8Array, validity: number, row: number): void {
  bytes[validity + (row >> 3)]! |= 1 << (row & 7);
}

/**
 * A column of values of `width` bytes; nulls stay 0.
 *
 *   validity  rows / 8      bits
 *   values    rows * width
 */
function fixed(width: number, write: (view: DataView, at: number, value: never) => void): ColumnWriter {
  const writeValue = write as (view: DataView, at: number, value: AnyRow[string]) => void;
  return (out, name, rows, places) => {
    const validity = takeBuffer(out, Math.ceil(rows.length / 8), places);
    const start = takeBuffer(out, width * rows.length, places);
    const { bytes, view } = out;
    let nulls = 0;
    for (let i = 0; i < rows.length; i++) {
      const value = rows[i]![name];
      if (value === null || value === undefined) nulls++;
      else {
        markValid(bytes, validity, i);
        writeValue(view, start + width * i, value);
      }
    }
    noteNode(out, rows.length, nulls, places);
  };
}

/** Both halves by themselves: going through BigInt is five times slower. */
const int64 = fixed(8, (view, at, value: number) => {
  view.setInt32(at, value, true);
  view.setInt32(at + 4, Math.floor(value / 2 ** 32), true);
});

const writers: Readonly<Record<FieldType, ColumnWriter>> = {
  timestamp: int64,
  int64,
  uint64: fixed(8, (view, at, value: bigint) => view.setBigUint64(at, value, true)),
  int32: fixed(4, (view, at, value: number) => view.setInt32(at, value, true)),
  int8: fixed(1, (view, at, value: number) => view.setInt8(at, value)),
  float32: fixed(4, (view, at, value: number) => view.setFloat32(at, value, true)),
  float64: fixed(8, (view, at, value: number) => view.setFloat64(at, value, true)),
  bool: writeBits,
  utf8: writeTexts,
};

/** Two buffers of bits: validity, values. */
function writeBits(out: ByteWriter, name: string, rows: readonly AnyRow[], places: BufferPlaces): void {
  const validity = takeBuffer(out, Math.ceil(rows.length / 8), places);
  const start = takeBuffer(out, Math.ceil(rows.length / 8), places);
  let nulls = 0;
  for (let i = 0; i < rows.length; i++) {
    const value = rows[i]![name] ?? null;
    if (value === null) nulls++;
    else markValid(out.bytes, validity, i);
    if (value === true) markValid(out.bytes, start, i);
  }
  noteNode(out, rows.length, nulls, places);
}

/**
 * Texts, whose size is known when they are written: their buffer is noted behind them.
 *
 *   validity  rows / 8        bits
 *   offsets   4 * (rows + 1)  i32: text i is the bytes from offset i to offset i + 1; the first is 0
 *   texts     the last offset
 */
function writeTexts(out: ByteWriter, name: string, rows: readonly AnyRow[], places: BufferPlaces): void {
  const validity = takeBuffer(out, Math.ceil(rows.length / 8), places);
  const offsets = takeBuffer(out, 4 * (rows.length + 1), places);
  const start = out.length;
  let nulls = 0;
  for (let i = 0; i < rows.length; i++) {
    const text = rows[i]![name];
    if (typeof text === 'string') {
      out.appendText(text, 0);
      markValid(out.bytes, validity, i);
    } else nulls++;
    out.view.setInt32(offsets + 4 * (i + 1), out.length - start, true);
  }
  const size = out.length - start;
  noteBuffer(out, start, size, places);
  noteNode(out, rows.length, nulls, places);
  const padding = align(size) - size;
  out.reserve(padding);
  out.bytes.fill(0, out.length, out.length + padding);
  out.length += padding;
}

function gapRow({ table, fromSequence, toSequence, dropped, reason }: GapEvent): AnyRow {
  return { table, from_sequence: fromSequence, to_sequence: toSequence, dropped, reason };
}

function helloRows(event: StreamEvent): AnyRow[] {
  const { epoch, anonymized, tables, sequences, timestamps, repeats } = event as HelloEvent;
  return tables.map((table) => ({
    epoch,
    anonymized,
    table,
    sequence: sequences[table] ?? null,
    timestamp: timestamps[table] ?? null,
    repeats: repeats?.[table] ?? null,
  }));
}

function align(sizeBytes: number): number {
  return Math.ceil(sizeBytes / 8) * 8;
}
