// Datatype messages of what is written: integers, compound types of them, texts of any length.
import { ByteBuilder } from './byte-builder.ts';

/** A type, and how many bytes one of it has. */
export interface WrittenType {
  readonly sizeBytes: number;
  readonly bytes: Uint8Array;
}

/** A little-endian integer: 1 class | version << 4, 1 flags (8: signed), 2, 4 size, 2 first bit, 2 bits. */
export const integerType = (sizeBytes: number, isSigned: boolean): WrittenType => ({
  sizeBytes,
  bytes: new ByteBuilder()
    .u8(0x10, isSigned ? 8 : 0, 0, 0)
    .u32(sizeBytes)
    .u16(0)
    .u16(8 * sizeBytes).bytes,
});

/** Fields of integers. Version 1: each a name, 4 place, 1 rank and 27 that only arrays need, and a type. */
export function compoundType(
  sizeBytes: number,
  fields: readonly { readonly name: string; readonly offset: number; readonly type: WrittenType }[],
): WrittenType {
  const builder = new ByteBuilder().u8(0x16).u16(fields.length).u8(0).u32(sizeBytes);
  for (const { name, offset, type } of fields) {
    builder.name(name).u32(offset).zeros(28).raw(type.bytes);
  }
  return { sizeBytes, bytes: builder.bytes };
}

/** A text of any length: in a row stand its length, a global heap and a number in it. */
export const textType: WrittenType = {
  sizeBytes: 16,
  bytes: new ByteBuilder().u8(0x19, 1, 0, 0).u32(16).raw(integerType(1, false).bytes).bytes,
};
