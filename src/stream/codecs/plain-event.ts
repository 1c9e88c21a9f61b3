// Plain objects → events, for the formats that write events as maps with names (JSON Lines,
// MessagePack). Checks every value: what comes out is what the contract says. The maps:
//
//   record  event "record", table, sequence, and the columns of the table by name; a column may be null or missing
//   gap     event "gap", table, from_sequence, to_sequence, dropped, reason
//   hello   event "hello", epoch, tables, anonymized, sequences, timestamps, repeats (the last three by table)
//
// Keys that are not known are passed over. docs/streams.md, "Formats"
import type { AnyRow, FieldType } from '../../core/index.ts';
import { streamTables } from '../stream-contract.ts';
import type { GapEvent, HelloEvent, StreamEvent, StreamKinds, StreamTable } from '../stream-contract.ts';

/** A decoded map. */
export type PlainMap = Readonly<Record<string, unknown>>;

/** Reads one value of a column. @throws RangeError for a value that its type cannot hold */
export type ValueReader = (value: unknown) => AnyRow[string];
export type ValueReaders = Readonly<Record<FieldType, ValueReader>>;

/** What JSON Lines and MessagePack read alike; the rest is in their own files. */
export const plainReaders = {
  int64: readInteger,
  int32: (value) => readIntegerWithin(value, 2 ** 31),
  int8: (value) => readIntegerWithin(value, 2 ** 7),
  float32: readFloat32,
  float64: readNumber,
  bool: (value) => (typeof value === 'boolean' ? value : refuse('a boolean', value)),
  utf8: readText,
} as const satisfies Partial<ValueReaders>;

/** Builds the reader of plain events. @throws RangeError for everything that is not an event */
export function buildPlainReader(
  kinds: StreamKinds,
  readers: ValueReaders,
): (plain: PlainMap) => StreamEvent {
  const readTimestamp = readers.timestamp;
  const tables = new Map(streamTables.map((table) => [table, buildPlainTable(kinds[table].fields, readers)]));
  const readRecord = (plain: PlainMap): StreamEvent => {
    const table = readTable(plain['table']);
    const { columns, emptyRow } = tables.get(table)!;
    const row: AnyRow = { ...emptyRow };
    for (const { name, read } of columns) {
      const value = plain[name];
      if (value !== null && value !== undefined) row[name] = read(value);
    }
    if (row['timestamp'] === null) return refuse('a record with a timestamp', null);
    return { type: 'record', table, sequence: readCount(plain['sequence']), row };
  };
  return (plain) => {
    switch (plain['event']) {
      case 'record':
        return readRecord(plain);
      case 'gap':
        return readGap(plain);
      case 'hello':
        return readHello(plain, readTimestamp);
      default:
        return refuse('an event of type "record", "gap" or "hello"', plain['event']);
    }
  };
}

/** How the records of a table are read. */
export interface PlainTable {
  readonly columns: readonly PlainColumn[];
  /** All columns, null: a copy of it is filled faster than a row that grows. */
  readonly emptyRow: AnyRow;
}

export interface PlainColumn {
  readonly name: string;
  readonly read: ValueReader;
}

/** Builds the reader of a table's columns. */
export function buildPlainTable(
  fields: StreamKinds[StreamTable]['fields'],
  readers: ValueReaders,
): PlainTable {
  return {
    columns: fields.map(({ name, type }) => ({ name, read: readers[type] })),
    emptyRow: Object.fromEntries(fields.map(({ name }) => [name, null])),
  };
}

function readGap(plain: PlainMap): GapEvent {
  const { reason } = plain;
  return {
    type: 'gap',
    table: readTable(plain['table']),
    fromSequence: readCount(plain['from_sequence']),
    toSequence: readCount(plain['to_sequence']),
    dropped: readCount(plain['dropped']),
    reason: readGapReason(reason),
  };
}

function readHello(plain: PlainMap, readTimestamp: ValueReader): HelloEvent {
  const { tables } = plain;
  const repeats = readByTable(plain['repeats'], readCount);
  return {
    type: 'hello',
    epoch: readText(plain['epoch']),
    tables: Array.isArray(tables) ? tables.map(readTable) : refuse('a list of tables', tables),
    anonymized: plainReaders.bool(plain['anonymized']),
    sequences: readByTable(plain['sequences'], readCount),
    timestamps: readByTable(plain['timestamps'], (value) => readTimestamp(value) as number),
    ...(Object.keys(repeats).length > 0 ? { repeats } : {}),
  };
}

function readByTable(value: unknown, read: (value: unknown) => number): Partial<Record<StreamTable, number>> {
  const entries = Object.entries((value ?? {}) as PlainMap);
  return Object.fromEntries(entries.map(([table, count]) => [readTable(table), read(count)]));
}

/** Reads the name of a table. */
export function readTable(value: unknown): StreamTable {
  const table = streamTables.find((name) => name === value);
  return table ?? refuse('a table', value);
}

/** Reads why records are missing. */
export function readGapReason(value: unknown): GapEvent['reason'] {
  return value === 'overflow' || value === 'expired' ? value : refuse('a reason', value);
}

/** Reads a sequence number or a count. */
export function readCount(value: unknown): number {
  const count = readInteger(value);
  return count >= 0 ? count : refuse('a number from 0', value);
}

/** Numbers beyond 2^53 are refused rather than rounded. */
export function readInteger(value: unknown): number {
  return Number.isSafeInteger(value) ? (value as number) + 0 : refuse('an exact integer', value);
}

function readIntegerWithin(value: unknown, limit: number): number {
  const integer = readInteger(value);
  return integer >= -limit && integer < limit ? integer : refuse(`an integer below ${limit}`, value);
}

function readNumber(value: unknown): number {
  return typeof value === 'number' ? value : refuse('a number', value);
}

/** A number that is infinite only as a float32 is refused. */
function readFloat32(value: unknown): number {
  const number = readNumber(value);
  const single = Math.fround(number);
  return Number.isFinite(single) === Number.isFinite(number) ? single : refuse('a float32', String(number));
}

function readText(value: unknown): string {
  return typeof value === 'string' ? value : refuse('a text', value);
}

/** @throws RangeError always; the codec makes it an error of the stream */
export function refuse(expected: string, value: unknown): never {
  const text = typeof value === 'string' ? JSON.stringify(value.slice(0, 40)) : typeof value;
  throw new RangeError(`${expected} is needed, not ${text}`);
}
