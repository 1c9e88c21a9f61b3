// What a MessagePack value begins with. Not a codec: see encode-msgpack.ts, decode-msgpack.ts and
// read-msgpack-values.ts. Lengths and numbers are big-endian.
// https://github.com/msgpack/msgpack/blob/master/spec.md#overview
//
//   marker       value         behind the marker
//   0x00 – 0x7f  uint          nothing: the marker is the number
//   0x80 – 0x8f  map           marker & 0x0f entries: a key and a value each
//   0x90 – 0x9f  array         marker & 0x0f values
//   0xa0 – 0xbf  str           marker & 0x1f bytes of UTF-8
//   0xc0         nil           nothing
//   0xc1         never used
//   0xc2 0xc3    false true    nothing
//   0xc4 – 0xc6  bin           length u8, u16, u32; bytes
//   0xc7 – 0xc9  ext           length u8, u16, u32; type i8; bytes
//   0xca 0xcb    float         f32, f64
//   0xcc – 0xcf  uint          u8, u16, u32, u64
//   0xd0 – 0xd3  int           i8, i16, i32, i64
//   0xd4 – 0xd8  fixext        type i8; 1, 2, 4, 8, 16 bytes
//   0xd9 – 0xdb  str           length u8, u16, u32; UTF-8
//   0xdc 0xdd    array         length u16, u32; values
//   0xde 0xdf    map           length u16, u32; entries
//   0xe0 – 0xff  int           nothing: marker - 0x100

/** Markers with their number or length in the lower bits; the largest of each is below the next. */
export const FIXMAP = 0x80;
export const FIXARRAY = 0x90;
export const FIXSTR = 0xa0;
export const NEGATIVE_FIXINT = 0xe0;

export const NIL = 0xc0;
export const NEVER_USED = 0xc1;
export const FALSE = 0xc2;
export const TRUE = 0xc3;
export const BIN_8 = 0xc4;
export const EXT_8 = 0xc7;
export const EXT_32 = 0xc9;
export const FLOAT_32 = 0xca;
export const FLOAT_64 = 0xcb;
export const UINT_8 = 0xcc;
export const UINT_16 = 0xcd;
export const UINT_32 = 0xce;
export const UINT_64 = 0xcf;
export const INT_8 = 0xd0;
export const INT_16 = 0xd1;
export const INT_32 = 0xd2;
export const INT_64 = 0xd3;
export const FIXEXT_4 = 0xd6;
export const FIXEXT_8 = 0xd7;
export const FIXEXT_16 = 0xd8;
export const STR_8 = 0xd9;
export const STR_16 = 0xda;
export const STR_32 = 0xdb;
export const ARRAY_16 = 0xdc;
export const MAP_16 = 0xde;

/**
 * Extension type of a timestamp, as an i8. Three forms:
 *
 *   0xd6 0xff     u32 seconds                                 timestamp 32
 *   0xd7 0xff     u64: nanoseconds (30 bits), seconds (34)    timestamp 64
 *   0xc7 12 0xff  u32 nanoseconds, i64 seconds                timestamp 96
 *
 * https://github.com/msgpack/msgpack/blob/master/spec.md#timestamp-extension-type
 */
export const TIMESTAMP_TYPE = -1;
