// Thrift compact protocol ⇄ a tree that keeps every field, known or not: what it takes to move offsets
// in a Parquet footer without losing anything. https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md

/** A struct: its fields in order. */
export type ThriftStruct = ThriftField[];

/** One field. Integers of all widths are bigint, binaries bytes, booleans carry their value in `value`. */
export interface ThriftField {
  readonly id: number;
  readonly type: number;
  value: ThriftValue;
}

/** A list (or set) and the type of its elements. */
export interface ThriftList {
  readonly type: number;
  readonly items: ThriftValue[];
}

export type ThriftValue = bigint | number | boolean | Uint8Array | ThriftStruct | ThriftList;

const type = {
  TRUE: 1,
  FALSE: 2,
  BYTE: 3,
  I16: 4,
  I32: 5,
  I64: 6,
  DOUBLE: 7,
  BINARY: 8,
  LIST: 9,
  SET: 10,
  STRUCT: 12,
} as const;

/** Compact type of an i64 field. */
export const I64 = type.I64;
/** Compact type of bytes. */
export const BINARY = type.BINARY;
/** Compact type of a list. */
export const LIST = type.LIST;
/** Compact type of a struct. */
export const STRUCT = type.STRUCT;

/** Decodes one struct. @throws RangeError when the bytes end early; TypeError for a type Parquet does not use */
export function decodeThrift(bytes: Uint8Array): ThriftStruct {
  return readStruct({ view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), at: 0 });
}

interface Reader {
  readonly view: DataView;
  at: number;
}

function readStruct(reader: Reader): ThriftStruct {
  const fields: ThriftStruct = [];
  let id = 0;
  for (;;) {
    const byte = reader.view.getUint8(reader.at++);
    if (byte === 0) return fields;
    const delta = byte >> 4;
    id = delta === 0 ? Number(readZigZag(reader)) : id + delta;
    const kind = byte & 15;
    fields.push({ id, type: kind, value: readValue(reader, kind) });
  }
}

function readValue(reader: Reader, kind: number): ThriftValue {
  switch (kind) {
    case type.TRUE:
      return true;
    case type.FALSE:
      return false;
    case type.BYTE:
      return reader.view.getInt8(reader.at++);
    case type.I16:
    case type.I32:
    case type.I64:
      return readZigZag(reader);
    case type.DOUBLE:
      reader.at += 8;
      return reader.view.getFloat64(reader.at - 8, true);
    case type.BINARY:
      return readBinary(reader);
    case type.LIST:
    case type.SET:
      return readList(reader);
    case type.STRUCT:
      return readStruct(reader);
    default:
      throw new TypeError(`Cannot decode Thrift type ${kind}: Parquet footers do not use it`);
  }
}

function readBinary(reader: Reader): Uint8Array {
  const length = Number(readVarint(reader));
  const { buffer, byteOffset, byteLength } = reader.view;
  if (reader.at + length > byteLength) throw new RangeError('Cannot decode a Thrift binary: it is cut short');
  reader.at += length;
  return new Uint8Array(buffer, byteOffset + reader.at - length, length);
}

function readList(reader: Reader): ThriftList {
  const byte = reader.view.getUint8(reader.at++);
  const kind = byte & 15;
  const size = byte >> 4 === 15 ? Number(readVarint(reader)) : byte >> 4;
  const isBool = kind === type.TRUE || kind === type.FALSE;
  const items: ThriftValue[] = [];
  for (let i = 0; i < size; i++) {
    items.push(isBool ? reader.view.getUint8(reader.at++) === 1 : readValue(reader, kind));
  }
  return { type: kind, items };
}

function readVarint(reader: Reader): bigint {
  let value = 0n;
  for (let shift = 0n; ; shift += 7n) {
    const byte = reader.view.getUint8(reader.at++);
    value |= BigInt(byte & 127) << shift;
    if (byte < 128) return value;
  }
}

function readZigZag(reader: Reader): bigint {
  const value = readVarint(reader);
  return (value >> 1n) ^ -(value & 1n);
}

/** Encodes one struct. */
export function encodeThrift(fields: ThriftStruct): Uint8Array {
  const parts: Uint8Array[] = [];
  writeStruct(parts, fields);
  return Buffer.concat(parts);
}

function writeStruct(out: Uint8Array[], fields: ThriftStruct): void {
  let last = 0;
  for (const field of fields) {
    const kind = typeof field.value === 'boolean' ? (field.value ? type.TRUE : type.FALSE) : field.type;
    const delta = field.id - last;
    if (delta > 0 && delta < 16) out.push(Uint8Array.of((delta << 4) | kind));
    else out.push(Uint8Array.of(kind), zigZag(BigInt(field.id)));
    last = field.id;
    writeValue(out, kind, field.value);
  }
  out.push(Uint8Array.of(0));
}

function writeValue(out: Uint8Array[], kind: number, value: ThriftValue): void {
  if (typeof value === 'boolean') return;
  if (typeof value === 'bigint') out.push(zigZag(value));
  else if (typeof value === 'number') out.push(kind === type.BYTE ? Uint8Array.of(value) : float64(value));
  else if (value instanceof Uint8Array) out.push(varint(BigInt(value.length)), value);
  else if (Array.isArray(value)) writeStruct(out, value);
  else writeList(out, value);
}

function writeList(out: Uint8Array[], { type: kind, items }: ThriftList): void {
  if (items.length < 15) out.push(Uint8Array.of((items.length << 4) | kind));
  else out.push(Uint8Array.of(0xf0 | kind), varint(BigInt(items.length)));
  for (const item of items) {
    if (typeof item === 'boolean') out.push(Uint8Array.of(item ? 1 : 2));
    else writeValue(out, kind, item);
  }
}

function varint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}

const zigZag = (value: bigint): Uint8Array => varint(BigInt.asUintN(64, (value << 1n) ^ (value >> 63n)));

function float64(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value, true);
  return bytes;
}
