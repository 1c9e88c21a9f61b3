// Attributes: a name and a value. 1 version, 1 flags, 2 length of the name, 2 of the type, 2 of the dataspace, (version 3)
// 1 character set; then name, type and dataspace (version 1: each padded to 8 bytes) and the value. A text of any length
// stands in a global heap: "GCOL", 1 version, 3 reserved, length; each object 2 index, 2 references, 4 reserved, length,
// bytes padded to 8.
import { NotNative } from '../errors.ts';
import { Hdf5Cursor, zeroEndedText } from './cursor.ts';
import type { Hdf5Bytes } from './cursor.ts';
import { readDatatype } from './datatype.ts';
import type { Hdf5Type } from './datatype.ts';
import { readDataspace } from './messages.ts';
import { readNumber } from './numbers.ts';
import { messageTypes } from './object-header.ts';
import type { HeaderMessage } from './object-header.ts';

/** Values of attributes that are one number or one text; others are left out. */
export type Attributes = ReadonlyMap<string, number | string>;

/** Reads the attributes of a header. */
export function readAttributes(file: Hdf5Bytes, messages: readonly HeaderMessage[]): Attributes {
  const attributes = new Map<string, number | string>();
  for (const { type, isShared, body } of messages) {
    if (type === messageTypes.attributeInfo && isDense(body)) throw new NotNative('many attributes');
    if (type !== messageTypes.attribute) continue;
    if (isShared) throw new NotNative('a shared attribute');
    const [name, value] = readAttribute(file, body);
    if (value !== null) attributes.set(name, value);
  }
  return attributes;
}

/** 1 version, 1 flags, 2 (flags & 1) highest order, address of a heap that holds the attributes. */
function isDense(body: Hdf5Cursor): boolean {
  body.skip(1);
  if ((body.u8() & 1) !== 0) body.skip(2);
  return body.address() !== null;
}

function readAttribute(file: Hdf5Bytes, body: Hdf5Cursor): [string, number | string | null] {
  const version = body.u8();
  if (version < 1 || version > 3) body.fail(`attribute version ${version} is not known`, 0);
  const isShared = version > 1 && (body.u8() & 3) !== 0;
  if (isShared) throw new NotNative('an attribute of a named type');
  if (version === 1) body.skip(1);
  const sizes = [body.u16(), body.u16(), body.u16()];
  if (version === 3) body.skip(1);
  const [name, type, space] = sizes.map((size) => body.part(version === 1 ? Math.ceil(size / 8) * 8 : size));
  const text = zeroEndedText(name!.bytes);
  const isSingle = isOneValue(space!);
  if (!isSingle) return [text, null];
  return [text, readValue(file, body, readAttributeType(type!))];
}

/** A type that own reading does not know has a value that nobody asks for. */
function readAttributeType(cursor: Hdf5Cursor): Hdf5Type {
  try {
    return readDatatype(cursor);
  } catch (error) {
    if (error instanceof NotNative) return { kind: 'other', sizeBytes: 0 };
    throw error;
  }
}

function isOneValue(space: Hdf5Cursor): boolean {
  const dimensions = readDataspace(space);
  return dimensions !== null && dimensions.every((length) => length === 1);
}

function readValue(file: Hdf5Bytes, body: Hdf5Cursor, type: Hdf5Type): number | string | null {
  if (type.kind === 'integer' || type.kind === 'float') {
    return readNumber(type, body.take(type.sizeBytes), 0);
  }
  if (type.kind === 'text') return body.text(type.sizeBytes);
  if (type.kind !== 'variable-text') return null;
  const length = body.u32();
  const heap = body.address();
  const index = body.u32();
  return heap === null || heap === 0 ? '' : readHeapText(file, heap, index).slice(0, length);
}

function readHeapText(file: Hdf5Bytes, address: number, index: number): string {
  const headBytes = 8 + file.lengthBytes;
  const head = Hdf5Cursor.open(file, address, headBytes);
  head.expect('GCOL');
  head.skip(4);
  const heap = Hdf5Cursor.open(file, address + headBytes, head.length() - headBytes);
  while (heap.left >= 8 + file.lengthBytes) {
    const found = heap.u16();
    heap.skip(6);
    const size = heap.length();
    if (found === index) return heap.text(size);
    // Object 0 is what is free.
    if (found === 0) break;
    heap.skip(Math.ceil(size / 8) * 8);
  }
  return heap.fail('a text is not in its heap');
}
