// A timestamp column (ms, UTC) → text column `2026-01-02T03:04:05.678Z`, written byte by byte into one
// buffer: 24 bytes a value.
import * as arrow from 'apache-arrow';

const TEXT_BYTES = 24;
const SECOND_MS = 1000;

/** Times that `Date` writes in 24 bytes: years 0 to 9999. */
const FIRST_MS = -62_167_219_200_000;
const LAST_MS = 253_402_300_799_999;

/**
 * Formats every value; nulls stay null, and whatever lies beneath them is not looked at. Years beyond
 * 0 to 9999 have a sign and six digits, as ECMAScript writes them.
 * @throws RangeError for a time beyond those of `Date` (±8.64e15 ms)
 */
export function formatTimestamps(column: arrow.Data): arrow.Data<arrow.Utf8> {
  const values = column.values as BigInt64Array;
  const times = Array.from({ length: column.length }, (_, i) => Number(values[i]!));
  if (column.nullCount > 0) fillNulls(times, column);
  const areFourDigits = times.every((time) => time >= FIRST_MS && time <= LAST_MS);
  const { length, nullCount } = column;
  return arrow.makeData({
    type: new arrow.Utf8(),
    length,
    nullCount,
    nullBitmap: nullCount > 0 ? copyValidity(column) : null,
    ...(areFourDigits ? formatShort(times) : formatAny(times)),
  });
}

interface Texts {
  readonly valueOffsets: Int32Array;
  readonly data: Uint8Array;
}

function fillNulls(times: number[], column: arrow.Data): void {
  for (let i = 0; i < times.length; i++) if (!column.getValid(i)) times[i] = times[i - 1] ?? 0;
}

function formatShort(times: readonly number[]): Texts {
  const data = new Uint8Array(times.length * TEXT_BYTES);
  const valueOffsets = Int32Array.from({ length: times.length + 1 }, (_, i) => i * TEXT_BYTES);
  let knownSecond = Number.NaN;
  for (let i = 0; i < times.length; i++) {
    const at = i * TEXT_BYTES;
    const time = times[i]!;
    const second = Math.floor(time / SECOND_MS);
    // Neighbours mostly share their second: its text is copied.
    if (second === knownSecond) data.copyWithin(at, at - TEXT_BYTES, at);
    else writeText(data, at, new Date(time).toISOString());
    knownSecond = second;
    writeMilliseconds(data, at, time - second * SECOND_MS);
  }
  return { valueOffsets, data };
}

function formatAny(times: readonly number[]): Texts {
  const texts = times.map((time) => new Date(time).toISOString());
  const valueOffsets = new Int32Array(times.length + 1);
  texts.forEach((text, i) => (valueOffsets[i + 1] = valueOffsets[i]! + text.length));
  return { valueOffsets, data: Buffer.from(texts.join(''), 'latin1') };
}

function writeText(data: Uint8Array, at: number, text: string): void {
  for (let i = 0; i < TEXT_BYTES; i++) data[at + i] = text.charCodeAt(i);
}

function writeMilliseconds(data: Uint8Array, at: number, milliseconds: number): void {
  const hundreds = Math.floor(milliseconds / 100);
  const tens = Math.floor(milliseconds / 10) % 10;
  data[at + 20] = 48 + hundreds;
  data[at + 21] = 48 + tens;
  data[at + 22] = 48 + (milliseconds % 10);
}

function copyValidity(column: arrow.Data): Uint8Array {
  const bits = new Uint8Array(Math.ceil(column.length / 8));
  for (let i = 0; i < column.length; i++) if (column.getValid(i)) bits[i >> 3]! |= 1 << (i & 7);
  return bits;
}
