// A cursor over the protobuf wire format: enough to walk a message, hostile ones too, without copying it.
// Not a codec: no schema, no writing. A message is its fields one behind the other:
//
//   tag        varint: field number << 3 | wire type
//   wire type  what is behind the tag
//   0 VARINT   seven bits a byte, the lowest first, 0x80 where more follow; ten bytes at most
//   1 I64      8 bytes, little-endian
//   2 LEN      varint n, then n bytes: a message, a text, or packed numbers
//   5 I32      4 bytes, little-endian
//
// Spec: https://protobuf.dev/programming-guides/encoding
import { notOnnxError } from './errors.ts';

const WireType = { VARINT: 0, I64: 1, LEN: 2, I32: 5 } as const;
const MAX_FIELD = 2 ** 29 - 1;
const MAX_VARINT_BYTES = 10;

/** Position in one message; `nextField` moves it. Plain and reused, because a forest has 10⁶ fields. */
export interface ProtoCursor {
  readonly bytes: Uint8Array;
  readonly end: number;
  at: number;
  /** Field number and wire type of the current field. */
  field: number;
  wireType: number;
  /** Value of a varint field; inexact above 2^53. */
  value: number;
  /** Byte range of a length-delimited field. */
  start: number;
  stop: number;
}

/** Opens a cursor over `bytes[start, end)`. */
export function openCursor(bytes: Uint8Array, start = 0, end = bytes.length): ProtoCursor {
  return { bytes, end, at: start, field: 0, wireType: 0, value: 0, start: 0, stop: 0 };
}

/** Opens a cursor over the sub-message the cursor stands on. */
export function openNested(cursor: ProtoCursor): ProtoCursor {
  expectBytes(cursor);
  return openCursor(cursor.bytes, cursor.start, cursor.stop);
}

/**
 * Moves to the next field; false at the end of the message.
 * @throws ModelRejectedError `ERR_MODEL_NOT_ONNX` for anything that is not valid wire format
 */
export function nextField(cursor: ProtoCursor): boolean {
  if (cursor.at >= cursor.end) return false;
  const tag = readVarint(cursor);
  cursor.field = Math.floor(tag / 8);
  cursor.wireType = tag % 8;
  if (cursor.field === 0 || cursor.field > MAX_FIELD) throw malformed(cursor, 'invalid field number');
  switch (cursor.wireType) {
    case WireType.VARINT:
      cursor.value = readVarint(cursor);
      return true;
    case WireType.I64:
      return skip(cursor, 8);
    case WireType.LEN:
      return skip(cursor, readVarint(cursor));
    case WireType.I32:
      return skip(cursor, 4);
    default:
      throw malformed(cursor, `wire type ${cursor.wireType}`);
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Text of the current length-delimited field. */
export function stringOf(cursor: ProtoCursor): string {
  expectBytes(cursor);
  try {
    return utf8.decode(cursor.bytes.subarray(cursor.start, cursor.stop));
  } catch {
    throw malformed(cursor, 'invalid UTF-8');
  }
}

/** Value of the current field, which must be a varint. */
export function varintOf(cursor: ProtoCursor): number {
  if (cursor.wireType !== WireType.VARINT) throw malformed(cursor, 'expected an integer');
  return cursor.value;
}

/** The values of a packed integer field: varints, one behind the other, in one LEN field. */
export function* readPackedInts(cursor: ProtoCursor): Generator<number> {
  const packed = openNested(cursor);
  while (packed.at < packed.end) yield readVarint(packed);
}

function expectBytes(cursor: ProtoCursor): void {
  if (cursor.wireType !== WireType.LEN) throw malformed(cursor, 'expected a message or text');
}

function skip(cursor: ProtoCursor, length: number): boolean {
  if (length > cursor.end - cursor.at) throw malformed(cursor, 'a field runs past the end');
  cursor.start = cursor.at;
  cursor.stop = cursor.at + length;
  cursor.at = cursor.stop;
  return true;
}

/** Adds seven bits a byte; a float64 holds 53 of them exactly, which is more than any length or number here. */
function readVarint(cursor: ProtoCursor): number {
  const { bytes, end } = cursor;
  let value = 0;
  let scale = 1;
  for (let i = 0; i < MAX_VARINT_BYTES && cursor.at < end; i++) {
    const byte = bytes[cursor.at++]!;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return value;
    scale *= 128;
  }
  throw malformed(cursor, 'unfinished integer');
}

function malformed(cursor: ProtoCursor, what: string): Error {
  return notOnnxError(`the bytes are not a protobuf ModelProto (${what} at byte ${cursor.at}); export the model again as ONNX`,
    { offset: cursor.at },
  );
}
