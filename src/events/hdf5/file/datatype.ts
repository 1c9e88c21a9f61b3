// Datatype messages: what an element of a dataset or an attribute is. Body: 1 class | version << 4, 3 bits of the class,
// 4 size in bytes, then what the class needs.
import { NotNative } from '../errors.ts';
import type { Hdf5Cursor } from './cursor.ts';

/** A number in a file. */
export interface NumberType {
  readonly kind: 'integer' | 'float';
  readonly sizeBytes: number;
  readonly isSigned: boolean;
  readonly isBigEndian: boolean;
}

/** A member of a compound type. */
export interface Hdf5Field {
  readonly name: string;
  readonly offset: number;
  readonly type: Hdf5Type;
}

/** What can be read; `other` is what no event is made of. */
export type Hdf5Type =
  | NumberType
  | { readonly kind: 'compound'; readonly sizeBytes: number; readonly fields: readonly Hdf5Field[] }
  | { readonly kind: 'text'; readonly sizeBytes: number }
  | { readonly kind: 'variable-text'; readonly sizeBytes: number }
  | { readonly kind: 'other'; readonly sizeBytes: number };

const MAX_DEPTH = 16;

const classes = {
  integer: 0,
  float: 1,
  time: 2,
  text: 3,
  bits: 4,
  opaque: 5,
  compound: 6,
  reference: 7,
  enumeration: 8,
  variable: 9,
  array: 10,
  complex: 11,
};

/** Reads one type; the cursor stands behind it afterwards. */
export function readDatatype(cursor: Hdf5Cursor, depth = 0): Hdf5Type {
  if (depth > MAX_DEPTH) cursor.fail('types stand within each other without end');
  const head = cursor.u8();
  const version = head >> 4;
  const bits = cursor.uint(3);
  const sizeBytes = cursor.u32();
  switch (head & 15) {
    case classes.integer:
    case classes.bits:
      cursor.skip(4);
      return numberType('integer', sizeBytes, (head & 15) === 0 && (bits & 8) !== 0, (bits & 1) !== 0);
    case classes.float:
      cursor.skip(12);
      if ((bits & 0x40) !== 0) throw new NotNative('floats of a VAX');
      return numberType('float', sizeBytes, true, (bits & 1) !== 0);
    case classes.text:
      return { kind: 'text', sizeBytes };
    case classes.compound:
      return readCompound(cursor, { version, count: bits & 0xffff, sizeBytes, depth });
    case classes.enumeration:
      return readEnumeration(cursor, version, bits & 0xffff, depth);
    case classes.variable:
      readDatatype(cursor, depth + 1);
      return { kind: (bits & 15) === 1 ? 'variable-text' : 'other', sizeBytes };
    default:
      skipOther(cursor, { type: head & 15, version, bits, depth });
      return { kind: 'other', sizeBytes };
  }
}

/** Passes over what no event is made of. */
function skipOther(
  cursor: Hdf5Cursor,
  {
    type,
    version,
    bits,
    depth,
  }: { readonly type: number; readonly version: number; readonly bits: number; readonly depth: number },
): void {
  if (type === classes.time) cursor.skip(2);
  else if (type === classes.opaque) cursor.skip(Math.ceil((bits & 0xff) / 8) * 8);
  else if (type === classes.array) skipDimensions(cursor, version);
  else if (type !== classes.reference && type !== classes.complex) {
    cursor.fail(`a type of class ${type} is not known`);
  }
  if (type === classes.array || type === classes.complex) readDatatype(cursor, depth + 1);
}

/** 1 rank, 4 for each dimension; before version 3 3 reserved, and 4 more for each. */
function skipDimensions(cursor: Hdf5Cursor, version: number): void {
  const rank = cursor.u8();
  cursor.skip(version < 3 ? 3 + 8 * rank : 4 * rank);
}

const numberType = (
  kind: NumberType['kind'],
  sizeBytes: number,
  isSigned: boolean,
  isBigEndian: boolean,
): NumberType => ({ kind, sizeBytes, isSigned, isBigEndian });

function readCompound(
  cursor: Hdf5Cursor,
  {
    version,
    count,
    sizeBytes,
    depth,
  }: { readonly version: number; readonly count: number; readonly sizeBytes: number; readonly depth: number },
): Hdf5Type {
  const fields: Hdf5Field[] = [];
  const offsetBytes = version < 3 ? 4 : bytesFor(sizeBytes);
  for (let i = 0; i < count; i++) {
    const name = cursor.textUpToZero(version < 3 ? 8 : 1);
    const offset = cursor.uint(offsetBytes);
    // Version 1 wrote the dimensions of an array beside the field.
    const rank = version === 1 ? cursor.u8() : 0;
    if (version === 1) cursor.skip(27);
    const type = readDatatype(cursor, depth + 1);
    if (offset + type.sizeBytes > sizeBytes) cursor.fail(`field "${name}" is not within its type`);
    fields.push({ name, offset, type: rank > 0 ? { kind: 'other', sizeBytes: type.sizeBytes } : type });
  }
  return { kind: 'compound', sizeBytes, fields };
}

/** Bytes that hold a number up to `most`. */
const bytesFor = (most: number): number => (most < 0x100 ? 1 : most < 0x10000 ? 2 : most < 0x1000000 ? 3 : 4);

/** An enumeration is read as its numbers: Booleans of h5py are one. */
function readEnumeration(cursor: Hdf5Cursor, version: number, count: number, depth: number): Hdf5Type {
  const base = readDatatype(cursor, depth + 1);
  for (let i = 0; i < count; i++) cursor.textUpToZero(version < 3 ? 8 : 1);
  cursor.skip(count * base.sizeBytes);
  return base;
}
