// A timestamp column (ms, UTC) → text column `2026-01-02T03:04:05.678Z`, written byte by byte into one
// buffer: 24 bytes a value.
import * as arrow from 'apache-arrow';

const TEXT_BYTES = 24;
const SECOND_MS = 1000;

/** Formats every value; nulls stay null. Years 0 to 9999. */
export function formatTimestamps(column: arrow.Data): arrow.Data<arrow.Utf8> {
  const { length } = column;
  const values = column.values as BigInt64Array;
  const data = new Uint8Array(length * TEXT_BYTES);
  const valueOffsets = new Int32Array(length + 1);
  let knownSecond = Number.NaN;
  for (let i = 0; i < length; i++) {
    const at = i * TEXT_BYTES;
    const time = Number(values[i]!);
    const second = Math.floor(time / SECOND_MS);
    // Neighbours mostly share their second: its text is copied.
    if (second === knownSecond) data.copyWithin(at, at - TEXT_BYTES, at);
    else writeText(data, at, new Date(time).toISOString());
    knownSecond = second;
    writeMilliseconds(data, at, time - second * SECOND_MS);
    valueOffsets[i + 1] = at + TEXT_BYTES;
  }
  return arrow.makeData({
    type: new arrow.Utf8(),
    length,
    nullCount: column.nullCount,
    nullBitmap: column.nullCount > 0 ? copyValidity(column) : null,
    valueOffsets,
    data,
  });
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
