// MessagePack bytes → plain values: heads, scalars, texts, maps. Knows no events. Byte by byte: msgpack-markers.ts.
// https://github.com/msgpack/msgpack/blob/master/spec.md
import {
  ARRAY_16,
  BIN_8,
  EXT_32,
  EXT_8,
  FALSE,
  FIXARRAY,
  FIXEXT_16,
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
  NEGATIVE_FIXINT,
  NEVER_USED,
  NIL,
  STR_32,
  STR_8,
  TIMESTAMP_TYPE,
  TRUE,
  UINT_16,
  UINT_32,
  UINT_64,
  UINT_8,
} from './msgpack-markers.ts';
import { readInteger, refuse } from './plain-event.ts';
import type { PlainMap } from './plain-event.ts';

/** Deeper values are refused; hello, the deepest event, has two levels. */
const MAX_DEPTH = 8;
/** More entries are refused: no table has as many columns. */
const MAX_ENTRIES = 4096;
/** Remembered keys, and their length. */
const MAX_LAST_KEYS = 64;

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

/**
 * A value's head. What lies where, of every value:
 *
 *   0            headBytes  marker, and the length of a bin, ext, str, array or map that is not in the marker
 *   headBytes    bodyBytes  number, text, or type and bytes of an extension; none of an array or a map
 *   ..                      `members` values of an array or a map, each with a head of its own
 */
export interface Head {
  headBytes: number;
  bodyBytes: number;
  members: number;
}

/** Body sizes of the markers FLOAT_32 to FIXEXT_16: float, uint, int, fixext (with its type byte). */
const fixedBytes = [4, 8, 1, 2, 4, 8, 1, 2, 4, 8, 2, 3, 5, 9, 17];

/** Reads the head of a value into `head`; false while its bytes are not all there. */
export function readHead(bytes: Uint8Array, at: number, head: Head): boolean {
  if (at >= bytes.byteLength) return false;
  const marker = bytes[at]!;
  head.headBytes = 1;
  head.bodyBytes = 0;
  head.members = 0;
  if (marker < FIXMAP || marker >= NEGATIVE_FIXINT) return true;
  if (marker < FIXARRAY) head.members = (marker & 0x0f) * 2;
  else if (marker < FIXSTR) head.members = marker & 0x0f;
  else if (marker < NIL) head.bodyBytes = marker & 0x1f;
  else if (marker >= FLOAT_32 && marker <= FIXEXT_16) head.bodyBytes = fixedBytes[marker - FLOAT_32]!;
  else if (marker > TRUE || marker === NEVER_USED) return readLongHead(bytes, at, marker, head);
  return true;
}

/** Markers with a length of their own: bin, ext, str, array, map. */
function readLongHead(bytes: Uint8Array, at: number, marker: number, head: Head): boolean {
  if (marker === NEVER_USED) throw new RangeError('the byte 0xc1 is never used');
  const lengthBytes = lengthBytesOf(marker);
  if (at + 1 + lengthBytes > bytes.byteLength) return false;
  let length = 0;
  for (let i = 1; i <= lengthBytes; i++) length = length * 256 + bytes[at + i]!;
  head.headBytes = 1 + lengthBytes;
  if (marker < ARRAY_16) head.bodyBytes = marker >= EXT_8 && marker <= EXT_32 ? length + 1 : length;
  else {
    if (length > MAX_ENTRIES) throw new RangeError(`${length} entries`);
    head.members = marker >= MAP_16 ? length * 2 : length;
  }
  return true;
}

/** bin, ext and str have lengths of 1, 2 and 4 bytes, three markers in a row; array and map of 2 and 4. */
function lengthBytesOf(marker: number): number {
  if (marker >= ARRAY_16) return marker % 2 === 0 ? 2 : 4;
  return 2 ** ((marker - (marker >= STR_8 ? STR_8 : BIN_8)) % 3);
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
  if (marker < FIXMAP) return marker;
  if (marker >= NEGATIVE_FIXINT) return marker - 0x100;
  if (marker < FIXARRAY || marker >= MAP_16) return readEntries(cursor, head.members / 2, depth);
  if (marker < FIXSTR || marker >= ARRAY_16) return readItems(cursor, head.members, depth);
  if (marker < NIL || marker >= STR_8) return utf8.decode(cursor.bytes.subarray(start, cursor.at));
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
  if ((marker & 0xe0) !== FIXSTR && (marker < STR_8 || marker > STR_32))
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
  [NIL]: () => null,
  [FALSE]: () => false,
  [TRUE]: () => true,
  [EXT_8]: readExtension,
  [FLOAT_32]: (view, at) => view.getFloat32(at),
  [FLOAT_64]: (view, at) => view.getFloat64(at),
  [UINT_8]: (view, at) => view.getUint8(at),
  [UINT_16]: (view, at) => view.getUint16(at),
  [UINT_32]: (view, at) => view.getUint32(at),
  [UINT_64]: (view, at) => (view.getUint32(at) < 2 ** 21 ? readLong(view, at) : view.getBigUint64(at)),
  [INT_8]: (view, at) => view.getInt8(at),
  [INT_16]: (view, at) => view.getInt16(at),
  [INT_32]: (view, at) => view.getInt32(at),
  [INT_64]: (view, at) => (isSafe(view.getInt32(at)) ? readLong(view, at) : view.getBigInt64(at)),
  [FIXEXT_4]: readExtension,
  [FIXEXT_8]: readExtension,
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

/** `at` is the type byte: 0 1 type, 1 size - 1 the timestamp. */
function readExtension(view: DataView, at: number, size: number): unknown {
  if (view.getInt8(at) !== TIMESTAMP_TYPE) return foreign;
  const { seconds, nanoseconds } = readTime(view, at + 1, size - 1);
  if (nanoseconds >= 1_000_000_000) return refuse('nanoseconds below a second', String(nanoseconds));
  return new Timestamp(readInteger(seconds * 1000 + Math.floor(nanoseconds / 1_000_000)));
}

/** The three forms of a timestamp, by their size: msgpack-markers.ts. */
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
