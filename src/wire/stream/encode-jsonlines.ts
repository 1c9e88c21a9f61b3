// Events → JSON Lines: one object a line, for `jq`, log shippers and data frames. The inverse of
// decode-jsonlines.ts. A column has one JSON type in every line: floats always carry a point or an
// exponent, uint64 is a decimal string, what is not finite is null. https://jsonlines.org
import type { AnyRow, Field, FieldType } from '../../core/index.ts';
import { streamTables } from './stream-contract.ts';
import type { GapEvent, HelloEvent, StreamEvent, StreamKinds, StreamTable } from './stream-contract.ts';

type ValueWriter = (value: never) => string;

/** Column names are ours: they need no escapes. */
interface Column {
  readonly name: string;
  /** `,"name":` */
  readonly key: string;
  readonly write: (value: AnyRow[string]) => string;
}

/** Builds the encoder. Missing keys of a row are null. */
export function encodeJsonLines(kinds: StreamKinds): (events: readonly StreamEvent[]) => Uint8Array {
  const writeTimestamp = buildTimestampWriter();
  const columns = Object.fromEntries(
    streamTables.map((table) => [table, kinds[table].fields.map((field) => columnOf(field, writeTimestamp))]),
  ) as Record<StreamTable, Column[]>;
  return (events) => {
    let text = '';
    for (const event of events) text += `${writeEvent(event, columns, writeTimestamp)}\n`;
    return Buffer.from(text);
  };
}

function writeEvent(
  event: StreamEvent,
  columns: Readonly<Record<StreamTable, readonly Column[]>>,
  writeTimestamp: (ms: number) => string,
): string {
  switch (event.type) {
    case 'record':
      return writeRecord(event.table, event.sequence, event.row, columns[event.table]);
    case 'gap':
      return writeGap(event);
    default:
      return writeHello(event, writeTimestamp);
  }
}

function writeRecord(table: StreamTable, sequence: number, row: AnyRow, columns: readonly Column[]): string {
  let line = `{"event":"record","table":"${table}","sequence":${sequence}`;
  for (const { name, key, write } of columns) {
    const value = row[name];
    line += key;
    line += value === null || value === undefined ? 'null' : write(value);
  }
  return `${line}}`;
}

function writeGap({ table, fromSequence, toSequence, dropped, reason }: GapEvent): string {
  return JSON.stringify({
    event: 'gap',
    table,
    from_sequence: fromSequence,
    to_sequence: toSequence,
    dropped,
    reason,
  });
}

function writeHello(event: HelloEvent, writeTimestamp: (ms: number) => string): string {
  const { epoch, tables, anonymized, sequences, timestamps, repeats } = event;
  const isoTimestamps = Object.fromEntries(
    Object.entries(timestamps).map(([table, ms]) => [table, JSON.parse(writeTimestamp(ms)) as string]),
  );
  return JSON.stringify({
    event: 'hello',
    epoch: epoch.toWellFormed(),
    tables,
    anonymized,
    sequences,
    timestamps: isoTimestamps,
    repeats: repeats ?? {},
  });
}

const writers: Readonly<Record<Exclude<FieldType, 'timestamp'>, ValueWriter>> = {
  int64: String,
  int32: String,
  int8: String,
  uint64: (value: bigint) => `"${value}"`,
  float32: writeFloat32,
  float64: writeFloat64,
  bool: String,
  // A lone surrogate has no UTF-8; every format writes U+FFFD for it.
  utf8: (value: string) => JSON.stringify(value.toWellFormed()),
};

function columnOf(field: Field, writeTimestamp: (ms: number) => string): Column {
  const write = field.type === 'timestamp' ? writeTimestamp : writers[field.type];
  return { name: field.name, key: `,"${field.name}":`, write: write as Column['write'] };
}

/** ISO 8601 in UTC with milliseconds. All processes of a sample have one time: the last is remembered. */
function buildTimestampWriter(): (ms: number) => string {
  let last = Number.NaN;
  let text = '';
  return (ms) => {
    if (ms !== last) {
      text = `"${new Date(ms).toISOString()}"`;
      last = ms;
    }
    return text;
  };
}

function writeFloat64(value: number): string {
  if (Number.isInteger(value)) return writeWholeFloat(value);
  return Number.isFinite(value) ? String(value) : 'null';
}

/** `3.0` and not `3`: readers that infer types from the first lines would take the column for integers. */
function writeWholeFloat(value: number): string {
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  const text = String(value);
  return text.includes('e') ? text : `${text}.0`;
}

/** The shortest of 7 to 9 digits that is this float32 again: 52.3, not 52.29999923706055. */
function writeFloat32(value: number): string {
  const single = Math.fround(value);
  if (single === 0) return writeWholeFloat(single);
  for (let digits = 7; digits < 9; digits++) {
    const short = Number(single.toPrecision(digits));
    if (Math.fround(short) === single) return writeFloat64(short);
  }
  return writeFloat64(single);
}
