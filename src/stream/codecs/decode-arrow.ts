// Arrow IPC streams → events. The inverse of encode-arrow.ts. A frame is one whole stream: a schema, any
// number of record batches, the end. Read here and not by a library, so that every place and every size
// is checked before it is used. Refused: dictionaries, compressed bodies, nested columns. Byte by byte: arrow-message.ts.
// https://arrow.apache.org/docs/format/Columnar.html#ipc-streaming-format
import type { AnyRow, Field, RecordKind } from '../../core/index.ts';
import {
  BatchSlot,
  CONTINUATION,
  HeaderType,
  MessageSlot,
  MetadataKey,
  PREFIX_BYTES,
  STRUCT_BYTES,
  gapKind,
  helloKind,
  sequenceField,
} from './arrow-message.ts';
import { decodeArrowSchema } from './decode-arrow-schema.ts';
import type { ArrowColumn, ArrowSchema } from './decode-arrow-schema.ts';
import { byteOf, positionOf, rootOf, sizeAt, sizeOf, tableOf, vectorOf } from './flatbuffer.ts';
import type { FlatTable, FlatVector } from './flatbuffer.ts';
import { MAX_EVENTS } from './frame-decoder.ts';
import type { FrameFormat, FrameScanner } from './frame-decoder.ts';
import { readCount, readGapReason, readTable, refuse } from './plain-event.ts';
import { readArrowValues } from './read-arrow-values.ts';
import { streamTables } from '../stream-contract.ts';
import type { GapEvent, HelloEvent, RecordEvent, StreamEvent, StreamKinds } from '../stream-contract.ts';

/** Schemas that are remembered; ours are five. */
const MAX_BOUND = 16;
const MAX_BOUND_BYTES = 64 * 1024;

/** A schema, and how the batches that follow it are read. */
interface BoundSchema {
  readonly bytes: Uint8Array;
  readonly read: BatchReader;
}

/** Builds the decoder. */
export function decodeArrow(kinds: StreamKinds): FrameFormat {
  const readers = new Map([
    ['gap', buildReader(gapKind, (rows) => rows.map(toGap))],
    ['hello', buildReader(helloKind, (rows) => [toHello(rows)])],
    ...streamTables.map((table): [string, BindSchema] => [table, buildRecordReader(kinds[table])]),
  ]);
  // A sender repeats its few schemas, byte for byte, in every message: each is decoded once.
  const bound: BoundSchema[] = [];
  const bind = ({ bytes, header }: IpcMessage): BatchReader => {
    const known = bound.find((schema) => Buffer.compare(schema.bytes, bytes) === 0);
    if (known) return known.read;
    const schema = decodeArrowSchema(header);
    const read = readers.get(keyOf(schema.metadata))!(schema);
    if (bound.length < MAX_BOUND && bytes.length <= MAX_BOUND_BYTES) {
      bound.push({ bytes: bytes.slice(), read });
    }
    return read;
  };
  return {
    createScanner,
    decodeFrame(frame, events) {
      const before = events.length;
      let read: BatchReader | null = null;
      for (const message of messagesOf(frame)) {
        if (message.type === HeaderType.SCHEMA && !read) read = bind(message);
        else if (message.type === HeaderType.RECORD_BATCH && read) {
          assertFewRows(events.length - before + rowsOf(message.header, message.body));
          for (const event of read(message.header, message.body)) events.push(event);
        } else refuse('a schema and record batches', `message ${message.type}`);
      }
    },
  };
}

/** The metadata names the kind of event, and the table of records. */
function keyOf(metadata: ReadonlyMap<string, string>): string {
  const event = metadata.get(MetadataKey.EVENT);
  if (event === 'gap' || event === 'hello') return event;
  if (event !== 'record') return refuse(`metadata "${MetadataKey.EVENT}"`, event);
  return readTable(metadata.get(MetadataKey.TABLE));
}

interface IpcMessage {
  readonly type: number;
  readonly header: FlatTable;
  /** The metadata, of which `header` is a part. */
  readonly bytes: Uint8Array;
  readonly body: Uint8Array;
}

/** Walks the messages: prefix, metadata and body each, up to a prefix of size 0. */
function createScanner(): FrameScanner {
  let at = 0;
  return (bytes) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    while (at + PREFIX_BYTES <= bytes.byteLength) {
      const metadataBytes = readPrefix(view, at);
      if (metadataBytes === 0) {
        const length = at + PREFIX_BYTES;
        at = 0;
        return length;
      }
      if (at + PREFIX_BYTES + metadataBytes > bytes.byteLength) return -1;
      const end = at + PREFIX_BYTES + metadataBytes + bodyBytesOf(view, at, metadataBytes);
      if (end > bytes.byteLength) return -1;
      at = end;
    }
    return -1;
  };
}

/** 0 4 0xFFFFFFFF · 4 4 size of the metadata, 0 at the end of a stream. */
function readPrefix(view: DataView, at: number): number {
  if (view.getInt32(at, true) !== CONTINUATION) throw new RangeError('a message without its 0xFFFFFFFF');
  const metadataBytes = view.getInt32(at + 4, true);
  if (metadataBytes < 0) throw new RangeError('metadata of a negative size');
  return metadataBytes;
}

function bodyBytesOf(view: DataView, at: number, metadataBytes: number): number {
  return sizeOf(messageAt(view, at, metadataBytes), MessageSlot.BODY_LENGTH);
}

/** Its own view of the metadata: nothing in it can point outside. */
function messageAt(view: DataView, at: number, metadataBytes: number): FlatTable {
  return rootOf(new DataView(view.buffer, view.byteOffset + at + PREFIX_BYTES, metadataBytes));
}

/** The messages of a whole stream, up to its end. */
function* messagesOf(frame: Uint8Array): Generator<IpcMessage> {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  let at = 0;
  for (let metadataBytes = readPrefix(view, at); metadataBytes > 0; metadataBytes = readPrefix(view, at)) {
    const message = messageAt(view, at, metadataBytes);
    const header = tableOf(message, MessageSlot.HEADER);
    if (!header) throw new RangeError('a message without header');
    const bodyStart = at + PREFIX_BYTES + metadataBytes;
    const bytes = frame.subarray(at + PREFIX_BYTES, bodyStart);
    at = bodyStart + sizeOf(message, MessageSlot.BODY_LENGTH);
    yield {
      type: byteOf(message, MessageSlot.HEADER_TYPE),
      header,
      bytes,
      body: frame.subarray(bodyStart, at),
    };
  }
}

type BatchReader = (header: FlatTable, body: Uint8Array) => StreamEvent[];
type BindSchema = (schema: ArrowSchema) => BatchReader;

function buildRecordReader(kind: RecordKind): BindSchema {
  const table = readTable(kind.name);
  const withSequence: RecordKind = { ...kind, fields: [sequenceField, ...kind.fields] };
  return buildReader(withSequence, (rows, heads) =>
    rows.map((row, i): RecordEvent => {
      if (row['timestamp'] === null) return refuse('a record with a timestamp', null);
      return { type: 'record', table, sequence: readCount(heads[i]!['sequence']), row };
    }),
  );
}

/** A column of the message with the field it fills; null when this side does not know it. */
interface BoundColumn {
  readonly bufferCount: number;
  readonly field: Field | null;
}

/** Rows begin with all columns of the kind, each null; sequence numbers go to rows of their own. */
function buildReader(
  kind: RecordKind,
  toEvents: (rows: readonly AnyRow[], heads: readonly AnyRow[]) => StreamEvent[],
): BindSchema {
  const names = kind.fields.filter((field) => field !== sequenceField).map(({ name }) => name);
  const empty: AnyRow = Object.fromEntries(names.map((name) => [name, null]));
  return ({ columns }) => {
    const [first] = kind.fields;
    if (!columns.some(({ name }) => name === first!.name)) throw new RangeError(`no column "${first!.name}"`);
    const bound = columns.map((column) => bindColumn(column, kind));
    return (header, body) => {
      const rows: AnyRow[] = [];
      const heads: AnyRow[] = [];
      for (let i = rowsOf(header, body); i > 0; i--) {
        rows.push({ ...empty });
        heads.push({ sequence: null });
      }
      readColumns(header, body, bound, rows, heads);
      return toEvents(rows, heads);
    };
  };
}

function bindColumn({ name, type, bufferCount }: ArrowColumn, kind: RecordKind): BoundColumn {
  const field = kind.fields.find((candidate) => candidate.name === name) ?? null;
  if (field && field.type !== type) refuse(`column "${name}" as ${field.type}`, type ?? 'another type');
  return { field, bufferCount };
}

function assertFewRows(rows: number): void {
  if (rows > MAX_EVENTS) throw new RangeError(`a stream of more than ${MAX_EVENTS} rows`);
}

/** The first column of a kind has 4 bytes a row at least: what is in the body bounds the rows. */
function rowsOf(header: FlatTable, body: Uint8Array): number {
  if (positionOf(header, BatchSlot.COMPRESSION) !== 0) throw new RangeError('a compressed body');
  const rows = sizeOf(header, BatchSlot.LENGTH);
  if (rows * 4 > body.byteLength) throw new RangeError(`${rows} rows in ${body.byteLength} bytes`);
  return rows;
}

/**
 * The buffers of a batch are listed column after column, `bufferCount` each; a column that this side does not know
 * is passed over with its buffers.
 */
function readColumns(
  header: FlatTable,
  body: Uint8Array,
  columns: readonly BoundColumn[],
  rows: readonly AnyRow[],
  heads: readonly AnyRow[],
): void {
  const listed = vectorOf(header, BatchSlot.BUFFERS, STRUCT_BYTES);
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  let next = 0;
  for (const { field, bufferCount } of columns) {
    const [first, last] = [next, (next += bufferCount)];
    if (!field) continue;
    const regions: FlatVector[] = [];
    for (let i = first; i < last; i++) regions.push(regionOf(header, listed, i, body));
    const target = field === sequenceField ? heads : rows;
    readArrowValues(field, { view, bytes: body, regions }, target);
  }
}

/** Where a buffer lies in the body. Buffer: 0 8 offset · 8 8 size. */
function regionOf(header: FlatTable, listed: FlatVector, index: number, body: Uint8Array): FlatVector {
  if (index >= listed.length) throw new RangeError('fewer buffers than the columns need');
  const at = listed.start + STRUCT_BYTES * index;
  const start = sizeAt(header.view, at);
  const length = sizeAt(header.view, at + 8);
  if (start + length > body.byteLength) throw new RangeError('a buffer reaches beyond the body');
  return { start, length };
}

function toGap(row: AnyRow): GapEvent {
  return {
    type: 'gap',
    table: readTable(row['table']),
    fromSequence: readCount(row['from_sequence']),
    toSequence: readCount(row['to_sequence']),
    dropped: readCount(row['dropped']),
    reason: readGapReason(row['reason']),
  };
}

function toHello(rows: readonly AnyRow[]): HelloEvent {
  const [first] = rows;
  if (typeof first?.['epoch'] !== 'string') return refuse('a hello with an epoch', first?.['epoch']);
  const repeats = byTable(rows, 'repeats');
  return {
    type: 'hello',
    epoch: first['epoch'],
    tables: rows.map((row) => readTable(row['table'])),
    anonymized: first['anonymized'] === true,
    sequences: byTable(rows, 'sequence'),
    timestamps: byTable(rows, 'timestamp'),
    ...(Object.keys(repeats).length > 0 ? { repeats } : {}),
  };
}

function byTable(rows: readonly AnyRow[], column: string): Record<string, number> {
  const set = rows.filter((row) => row[column] !== null);
  return Object.fromEntries(set.map((row) => [row['table'] as string, row[column] as number]));
}
