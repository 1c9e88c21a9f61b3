// MessagePack bytes → plain values: heads, scalars, texts, maps. Knows no events.
// https://github.com/msgpack/msgpack/blob/master/spec.md
import { readInteger, refuse } from './plain-event.ts';
import type { PlainMap } from './plain-event.ts';

/** Deeper values are refused; hello, the deepest event, has two levels. */
const MAX_DEPTH = 8;
/** More entries are refused: no table has as many columns. */
const MAX_ENTRIES = 4096;
/** Remembered keys, and their length. */
const MAX_LAST_KEYS = 64;
const TIMESTAMP_TYPE = -1;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Stands for binary data and other extensions: no column takes it, an unknown key may have it. */
const foreign = Symbol('foreign');

/** A decoded extension -1. */
export class Timestamp {
  readonly ms: number;
  constructor(ms: number) {
    this.ms = ms;
  }
}

/** A value's head: bytes of marker and length, bytes of the body, and values that follow as its members. */
export interface Head {
  headBytes: number;
  bodyBytes: number;
  members: number;
}

/** Body sizes of the markers 0xca to 0xd8: float, uint, int, fixext (with its type byte). */
const fixedBytes = [4, 8, 1, 2, 4, 8, 1, 2, 4, 8, 2, 3, 5, 9, 17];

/** Reads the head of a value into `head`; false while its bytes are not all there. */
export function readHead(bytes: Uint8Array, at: number, head: Head): boolean {
  if (at >= bytes.byteLength) return false;
  const marker = bytes[at]!;
  head.headBytes = 1;
  head.bodyBytes = 0;
  head.members = 0;
  if (marker < 0x80 || marker >= 0xe0) return true;
  if (marker < 0x90) head.members = (marker & 0x0f) * 2;
  else if (marker < 0xa0) head.members = marker & 0x0f;
  else if (marker < 0xc0) head.bodyBytes = marker & 0x1f;
  else if (marker >= 0xca && marker <= 0xd8) head.bodyBytes = fixedBytes[marker - 0xca]!;
  else if (marker > 0xc3 || marker === 0xc1) return readLongHead(bytes, at, marker, head);
  return true;
}

/** Markers with a length of their own: bin, ext, str, array, map. */
function readLongHead(bytes: Uint8Array, at: number, marker: number, head: Head): boolean {
  if (marker === 0xc1) throw new RangeError('the byte 0xc1 is never used');
  const lengthBytes = lengthBytesOf(marker);
  if (at + 1 + lengthBytes > bytes.byteLength) return false;
  let length = 0;
  for (let i = 1; i <= lengthBytes; i++) length = length * 256 + bytes[at + i]!;
  head.headBytes = 1 + lengthBytes;
  if (marker < 0xdc) head.bodyBytes = marker >= 0xc7 && marker <= 0xc9 ? length + 1 : length;
  else {
    if (length > MAX_ENTRIES) throw new RangeError(`${length} entries`);
    head.members = marker >= 0xde ? length * 2 : length;
  }
  return true;
}

/** bin 0xc4-6, ext 0xc7-9 and str 0xd9-b have lengths of 1, 2 and 4 bytes; array and map 2 and 4. */
function lengthBytesOf(marker: number): number {
  if (marker >= 0xdc) return marker % 2 === 0 ? 2 : 4;
  return 2 ** ((marker - (marker >= 0xd9 ? 0xd9 : 0xc4)) % 3);
}

/** Where a frame is read. */
export interface Cursor {
  readonly bytes: Buffer;
  readonly view: DataView;
  /** Of the value being read: one object, used for all. */
  readonly head: Head;
  /** The last key of each entry; lives as long as the decoder. */
  readonly lastKeys: Key[];
  at: number;
}

/** A key with its head. */
export interface Key {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** A cursor at the begin of a frame. @param lastKeys of the same decoder, see `readKey` */
export function createCursor(frame: Uint8Array, lastKeys: Key[]): Cursor {
  const { buffer, byteOffset, byteLength } = frame;
  return {
    bytes: Buffer.from(buffer, byteOffset, byteLength),
    view: new DataView(buffer, byteOffset, byteLength),
    head: { headBytes: 0, bodyBytes: 0, members: 0 },
    lastKeys,
    at: 0,
  };
}

/** Reads one value of a whole frame. Out-of-range offsets are RangeErrors of the view. */
export function readValue(cursor: Cursor, depth: number): unknown {
  if (depth > MAX_DEPTH) throw new RangeError(`values nested more than ${MAX_DEPTH} deep`);
  const { head } = cursor;
  const marker = cursor.bytes[cursor.at]!;
  readHead(cursor.bytes, cursor.at, head);
  const start = cursor.at + head.headBytes;
  cursor.at = start + head.bodyBytes;
  if (marker < 0x80) return marker;
  if (marker >= 0xe0) return marker - 0x100;
  if (marker < 0x90 || marker >= 0xde) return readEntries(cursor, head.members / 2, depth);
  if (marker < 0xa0 || marker >= 0xdc) return readItems(cursor, head.members, depth);
  if (marker < 0xc0 || marker >= 0xd9) return utf8.decode(cursor.bytes.subarray(start, cursor.at));
  return readScalar(cursor.view, marker, start, head.bodyBytes);
}

function readEntries(cursor: Cursor, entries: number, depth: number): PlainMap {
  const map: Record<string, unknown> = {};
  for (let i = 0; i < entries; i++) {
    const key = readKey(cursor, i);
    const value = readValue(cursor, depth + 1);
    // An object without a prototype would be safe by itself, and three times as slow.
    if (key !== '__proto__') map[key] = value;
  }
  return map;
}

/**
 * Reads the key of entry `index`. Records of a table have the same keys at the same places: the last key
 * there is tried first. Keys of ours are ASCII, and a key of others means nothing: UTF-8 is not decoded.
 */
function readKey(cursor: Cursor, index: number): string {
  const { bytes, head, at, lastKeys } = cursor;
  const last = lastKeys[index];
  if (last && hasBytesAt(bytes, at, last.bytes)) {
    cursor.at = at + last.bytes.length;
    return last.name;
  }
  const marker = bytes[at]!;
  if ((marker & 0xe0) !== 0xa0 && (marker < 0xd9 || marker > 0xdb))
    return refuse('a text as key', `marker ${marker}`);
  readHead(bytes, at, head);
  const start = at + head.headBytes;
  const end = (cursor.at = start + head.bodyBytes);
  const name = bytes.toString('latin1', start, end);
  if (index < MAX_LAST_KEYS && name.length < MAX_LAST_KEYS) {
    lastKeys[index] = { name, bytes: new Uint8Array(bytes.subarray(at, end)) };
  }
  return name;
}

export function hasBytesAt(bytes: Uint8Array, at: number, expected: Uint8Array): boolean {
  for (let i = 0; i < expected.length; i++) if (bytes[at + i] !== expected[i]) return false;
  return true;
}

function readItems(cursor: Cursor, items: number, depth: number): unknown[] {
  return Array.from({ length: items }, () => readValue(cursor, depth + 1));
}

const scalars: Readonly<Record<number, (view: DataView, at: number, size: number) => unknown>> = {
  0xc0: () => null,
  0xc2: () => false,
  0xc3: () => true,
  0xc7: readExtension,
  0xca: (view, at) => view.getFloat32(at),
  0xcb: (view, at) => view.getFloat64(at),
  0xcc: (view, at) => view.getUint8(at),
  0xcd: (view, at) => view.getUint16(at),
  0xce: (view, at) => view.getUint32(at),
  0xcf: (view, at) => (view.getUint32(at) < 2 ** 21 ? readLong(view, at) : view.getBigUint64(at)),
  0xd0: (view, at) => view.getInt8(at),
  0xd1: (view, at) => view.getInt16(at),
  0xd2: (view, at) => view.getInt32(at),
  0xd3: (view, at) => (isSafe(view.getInt32(at)) ? readLong(view, at) : view.getBigInt64(at)),
  0xd6: readExtension,
  0xd7: readExtension,
};

function readScalar(view: DataView, marker: number, at: number, size: number): unknown {
  const read = scalars[marker];
  return read ? read(view, at, size) : foreign;
}

/** Numbers beyond 2^53 stay bigints: the readers of int64 refuse them. */
function isSafe(high: number): boolean {
  return high < 2 ** 21 && high >= -(2 ** 21);
}

/** Both halves by themselves: going through BigInt is five times slower. */
function readLong(view: DataView, at: number): number {
  return view.getInt32(at) * 2 ** 32 + view.getUint32(at + 4);
}

/** `at` is the type byte. */
function readExtension(view: DataView, at: number, size: number): unknown {
  if (view.getInt8(at) !== TIMESTAMP_TYPE) return foreign;
  const { seconds, nanoseconds } = readTime(view, at + 1, size - 1);
  if (nanoseconds >= 1_000_000_000) return refuse('nanoseconds below a second', String(nanoseconds));
  return new Timestamp(readInteger(seconds * 1000 + Math.floor(nanoseconds / 1_000_000)));
}

function readTime(view: DataView, at: number, size: number): { seconds: number; nanoseconds: number } {
  switch (size) {
    case 4:
      return { seconds: view.getUint32(at), nanoseconds: 0 };
    case 8: {
      const high = view.getUint32(at);
      return { seconds: (high % 4) * 2 ** 32 + view.getUint32(at + 4), nanoseconds: Math.floor(high / 4) };
    }
    case 12:
      return {
        seconds: view.getInt32(at + 4) * 2 ** 32 + view.getUint32(at + 8),
        nanoseconds: view.getUint32(at),
      };
    default:
      return refuse('a timestamp of 4, 8 or 12 bytes', String(size));
  }
}
