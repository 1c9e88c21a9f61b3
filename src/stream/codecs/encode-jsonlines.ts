// Events → JSON Lines: one object a line, for `jq`, log shippers and data frames. The inverse of
// decode-jsonlines.ts. A column has one JSON type in every line: floats always carry a point or an
// exponent, uint64 is a decimal string, what is not finite is null. https://jsonlines.org
// Records are written as bytes: joining strings is slower.
//
//   record  {"event":"record","table":"memory","sequence":7      the head of a table, and an integer
//           ,"timestamp":"2026-01-01T11:00:00.123Z"              each column: its key, and a value or null
//           ,"total_mb":15625.0 … }\n
//   gap     {"event":"gap","table","from_sequence","to_sequence","dropped","reason"}\n
//   hello   {"event":"hello","epoch","tables","anonymized","sequences","timestamps","repeats"}\n
//
// What each key means: docs/streams.md, "Formats".
import type { AnyRow, FieldType } from '../../core/index.ts';
import { ByteWriter, constantOf } from './byte-writer.ts';
import type { Constant } from './byte-writer.ts';
import type { GapEvent, HelloEvent, StreamEvent, StreamKinds, StreamTable } from '../stream-contract.ts';
import { buildTableLayouts } from './table-layout.ts';
import type { TableLayout, ValueWriter } from './table-layout.ts';

/** The longest value but text: a time in quotes, or a float of 24 characters. */
const VALUE_BYTES = 40;
const ZERO = 0x30;
const MINUS = 0x2d;
const COLON = 0x3a;
const POINT = 0x2e;
const DAY_MS = 86_400_000;
const CLOSE_LINE = constant('}\n');
const NULL = constant('null');
const ZONE = constant('Z"');

/** Builds the encoder. Missing keys of a row are null. */
export function encodeJsonLines(kinds: StreamKinds): (events: readonly StreamEvent[]) => Uint8Array {
  const out = new ByteWriter();
  const writers = buildWriters();
  const tables = buildTableLayouts((table) => buildTable(table, kinds, writers));
  return (events) => {
    out.length = 0;
    for (const event of events) {
      if (event.type === 'record') writeRecord(out, event.sequence, event.row, tables[event.table]);
      else out.appendText(`${JSON.stringify(event.type === 'gap' ? toGap(event) : toHello(event))}\n`, 0);
    }
    return out.take();
  };
}

/** A record up to its sequence number, and its columns. Column names are ours: they need no escapes. */
function buildTable(
  table: StreamTable,
  kinds: StreamKinds,
  writers: Readonly<Record<FieldType, ValueWriter>>,
): TableLayout {
  return {
    head: constant(`{"event":"record","table":"${table}","sequence":`),
    columns: kinds[table].fields.map(({ name, type }) => ({
      name,
      key: constant(`,"${name}":`),
      write: writers[type],
    })),
  };
}

function constant(text: string): Constant {
  return constantOf(new TextEncoder().encode(text));
}

function writeRecord(out: ByteWriter, sequence: number, row: AnyRow, { head, columns }: TableLayout): void {
  out.reserve(head.length + VALUE_BYTES);
  out.append(head);
  writeInteger(out, sequence);
  for (const { name, key, write } of columns) {
    out.reserve(key.length + VALUE_BYTES);
    out.append(key);
    const value = row[name];
    if (value === null || value === undefined) out.append(NULL);
    else write(out, value);
  }
  out.reserve(VALUE_BYTES);
  out.append(CLOSE_LINE);
}

function buildWriters(): Readonly<Record<FieldType, ValueWriter>> {
  const integer: ValueWriter = (out, value) => {
    if (Number.isSafeInteger(value)) writeInteger(out, value as number);
    else out.append(NULL);
  };
  return {
    timestamp: buildTimestampWriter(),
    int64: integer,
    int32: integer,
    int8: integer,
    uint64: (out, value) => writeAscii(out, `"${value}"`),
    float32: (out, value) => writeAscii(out, toFloat32Text(value as number)),
    float64: (out, value) => writeAscii(out, toFloat64Text(value as number)),
    bool: (out, value) => writeAscii(out, value === true ? 'true' : 'false'),
    utf8: (out, value) => {
      // A lone surrogate has no UTF-8; every format writes U+FFFD for it.
      out.appendText(JSON.stringify((value as string).toWellFormed()), 0);
    },
  };
}

/**
 * ISO 8601 in UTC with milliseconds; the day is written out once and remembered.
 *
 *   0   1   "
 *   1   10  2026-01-01, or 13 with a sign and six digits of the year
 *   ..  1   T
 *   ..  12  11:00:00.123
 *   ..  2   Z"
 */
function buildTimestampWriter(): ValueWriter {
  let lastDay = Number.NaN;
  let date = constant('');
  return (out, value) => {
    const ms = Math.floor(value as number);
    const day = Math.floor(ms / DAY_MS);
    if (day !== lastDay) {
      const [text] = new Date(ms).toISOString().split('T');
      date = constant(`"${text}T`);
      lastDay = day;
    }
    out.append(date);
    writeTimeOfDay(out, ms - day * DAY_MS);
  };
}

/** `11:00:00.123Z"` */
function writeTimeOfDay(out: ByteWriter, ms: number): void {
  const minutes = Math.floor(ms / 60_000);
  writeDigits(out, Math.floor(minutes / 60), 2);
  out.bytes[out.length++] = COLON;
  writeDigits(out, minutes % 60, 2);
  out.bytes[out.length++] = COLON;
  writeDigits(out, Math.floor(ms / 1000) % 60, 2);
  out.bytes[out.length++] = POINT;
  writeDigits(out, ms % 1000, 3);
  out.append(ZONE);
}

/** Text of ASCII, within the room that was reserved. */
function writeAscii(out: ByteWriter, text: string): void {
  const { bytes } = out;
  let at = out.length;
  for (let i = 0; i < text.length; i++) bytes[at++] = text.charCodeAt(i);
  out.length = at;
}

/** Nine digits at a time: what a 32-bit integer holds, which divides much faster than a float64. */
function writeInteger(out: ByteWriter, value: number): void {
  if (value < 0) {
    out.bytes[out.length++] = MINUS;
    writeInteger(out, -value);
  } else if (value < 1e9) {
    writeDigits(out, value, digitsOf(value));
  } else {
    const high = Math.floor(value / 1e9);
    writeInteger(out, high);
    writeDigits(out, value - high * 1e9, 9);
  }
}

function writeDigits(out: ByteWriter, value: number, digits: number): void {
  const { bytes } = out;
  let rest = value | 0;
  for (let at = out.length + digits - 1; at >= out.length; at--) {
    const tenth = (rest / 10) | 0;
    bytes[at] = ZERO + rest - tenth * 10;
    rest = tenth;
  }
  out.length += digits;
}

function digitsOf(value: number): number {
  let digits = 1;
  for (let limit = 10; value >= limit; limit *= 10) digits++;
  return digits;
}

function toFloat64Text(value: number): string {
  if (Number.isInteger(value)) return toWholeFloatText(value);
  return Number.isFinite(value) ? String(value) : 'null';
}

/** `3.0` and not `3`: readers that infer types from the first lines would take the column for integers. */
function toWholeFloatText(value: number): string {
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  const text = String(value);
  return text.includes('e') ? text : `${text}.0`;
}

/** The shortest of 7 to 9 digits that is this float32 again: 52.3, not 52.29999923706055. */
function toFloat32Text(value: number): string {
  const single = Math.fround(value);
  if (single === 0) return toWholeFloatText(single);
  for (let digits = 7; digits < 9; digits++) {
    const short = Number(single.toPrecision(digits));
    if (Math.fround(short) === single) return toFloat64Text(short);
  }
  return toFloat64Text(single);
}

function toGap({ table, fromSequence, toSequence, dropped, reason }: GapEvent): Record<string, unknown> {
  return {
    event: 'gap',
    table,
    from_sequence: fromSequence,
    to_sequence: toSequence,
    dropped,
    reason,
  };
}

function toHello(event: HelloEvent): Record<string, unknown> {
  const { epoch, tables, anonymized, sequences, timestamps, repeats } = event;
  const times = Object.entries(timestamps).map(([table, ms]) => [table, new Date(ms).toISOString()]);
  return {
    event: 'hello',
    epoch: epoch.toWellFormed(),
    tables,
    anonymized,
    sequences,
    timestamps: Object.fromEntries(times) as unknown,
    repeats: repeats ?? {},
  };
}
