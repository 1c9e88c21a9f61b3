// Values of PostgreSQL's binary COPY → Arrow columns, without a JavaScript value in between where that can be.
// https://www.postgresql.org/docs/current/sql-copy.html#id-1.9.3.55.9.4 and the *_send functions of the types.
//
//   file    signature 11 · flags u32 · header extension u32 length + bytes · tuple ... · i16 -1
//   tuple   i16 fields · for each: i32 bytes, -1 for NULL · the bytes
//   array   i32 dimensions · i32 has nulls · u32 type · for each dimension i32 size, i32 first index · items as fields
//   numeric i16 digits · i16 weight · u16 sign · u16 scale · digits to the base 10,000
import * as arrow from 'apache-arrow';
import { BitColumn, BytesColumn, FixedColumn, ListColumn } from './column-builder.ts';
import type { ColumnBuilder } from './column-builder.ts';

/** Adds the value in these bytes to a column. */
export type Decode = (bytes: Buffer, start: number, end: number) => void;

/** A column and what fills it. */
export interface DecodedColumn {
  readonly builder: ColumnBuilder;
  readonly decode: Decode;
}

/** How `numeric` comes: Arrow's floats are fast and rounded, text is exact. */
export type NumericAs = 'float64' | 'text';

/** Thrown for a value that Arrow has no form for, with what it is. */
export class UnfitValue extends Error {}

const DAYS_TO_2000 = 10_957;
const US_TO_2000 = 946_684_800_000_000n;

function fixed(type: arrow.DataType, read: (bytes: Buffer, start: number) => number | bigint): DecodedColumn {
  const builder = new FixedColumn(type);
  return { builder, decode: (bytes, start) => builder.push(read(bytes, start)) };
}

function bytesOf(type: arrow.Utf8 | arrow.Binary, skip = 0): DecodedColumn {
  const builder = new BytesColumn(type);
  return { builder, decode: (bytes, start, end) => builder.pushBytes(bytes, start + skip, end) };
}

const text = (): DecodedColumn => bytesOf(new arrow.Utf8());

function bool(): DecodedColumn {
  const builder = new BitColumn();
  return { builder, decode: (bytes, start) => builder.push(bytes[start] === 1) };
}

function timestamp(timezone: string | null): DecodedColumn {
  return fixed(new arrow.Timestamp(arrow.TimeUnit.MICROSECOND, timezone), (bytes, start) => {
    const us = bytes.readBigInt64BE(start);
    if (us === INT64_MAX || us === INT64_MIN) throw new UnfitValue(us > 0n ? 'infinity' : '-infinity');
    return us + US_TO_2000;
  });
}

const INT64_MAX = 2n ** 63n - 1n;
const INT64_MIN = -(2n ** 63n);

const date = (): DecodedColumn =>
  fixed(new arrow.DateDay(), (bytes, start) => {
    const days = bytes.readInt32BE(start);
    if (days === 0x7f_ff_ff_ff || days === -0x80_00_00_00)
      throw new UnfitValue(days > 0 ? 'infinity' : '-infinity');
    return days + DAYS_TO_2000;
  });

const time = (): DecodedColumn =>
  fixed(new arrow.TimeMicrosecond(), (bytes, start) => bytes.readBigInt64BE(start));

function uuid(): DecodedColumn {
  const builder = new BytesColumn(new arrow.Utf8());
  const decode: Decode = (bytes, start, end) => {
    const hex = bytes.toString('hex', start, end);
    builder.pushText(hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'));
  };
  return { builder, decode };
}

function numeric(as: NumericAs): DecodedColumn {
  if (as === 'float64')
    return fixed(new arrow.Float64(), (bytes, start) => Number(readNumeric(bytes, start)));
  const builder = new BytesColumn(new arrow.Utf8());
  return { builder, decode: (bytes, start) => builder.pushText(readNumeric(bytes, start)) };
}

const specialNumerics: Readonly<Record<number, string>> = {
  [0xc0_00]: 'NaN',
  [0xd0_00]: 'Infinity',
  [0xf0_00]: '-Infinity',
};

/** All digits that there are: `-12.3400`. */
function readNumeric(bytes: Buffer, start: number): string {
  const digits = bytes.readUInt16BE(start);
  const weight = bytes.readInt16BE(start + 2);
  const sign = bytes.readUInt16BE(start + 4);
  const scale = bytes.readUInt16BE(start + 6);
  const special = specialNumerics[sign];
  if (special !== undefined) return special;
  const digit = (i: number): string =>
    i < 0 || i >= digits ? '0000' : String(bytes.readUInt16BE(start + 8 + 2 * i)).padStart(4, '0');
  let whole = '';
  for (let i = 0; i <= weight; i++) whole += digit(i);
  let fraction = '';
  for (let i = weight + 1; fraction.length < scale; i++) fraction += digit(i);
  const head = whole.replace(/^0+(?=\d)/, '') || '0';
  return `${sign === 0x40_00 ? '-' : ''}${head}${scale > 0 ? `.${fraction.slice(0, scale)}` : ''}`;
}

type Make = (numericAs: NumericAs) => DecodedColumn;

/** By the oid of the type (pg_type.dat). */
const scalars: Readonly<Record<number, Make>> = {
  16: bool,
  17: () => bytesOf(new arrow.Binary()),
  19: text,
  20: () => fixed(new arrow.Int64(), (bytes, start) => bytes.readBigInt64BE(start)),
  21: () => fixed(new arrow.Int16(), (bytes, start) => bytes.readInt16BE(start)),
  23: () => fixed(new arrow.Int32(), (bytes, start) => bytes.readInt32BE(start)),
  25: text,
  26: () => fixed(new arrow.Uint32(), (bytes, start) => bytes.readUInt32BE(start)),
  114: text,
  700: () => fixed(new arrow.Float32(), (bytes, start) => bytes.readFloatBE(start)),
  701: () => fixed(new arrow.Float64(), (bytes, start) => bytes.readDoubleBE(start)),
  1042: text,
  1043: text,
  1082: date,
  1083: time,
  1114: () => timestamp(null),
  1184: () => timestamp('UTC'),
  1700: numeric,
  2950: uuid,
  // A version, 1, before the text.
  3802: () => bytesOf(new arrow.Utf8(), 1),
};

/** Oid of an array type → oid of its items. */
const arrays: Readonly<Record<number, number>> = {
  1000: 16,
  1001: 17,
  1003: 19,
  1005: 21,
  1007: 23,
  1009: 25,
  1014: 1042,
  1015: 1043,
  1016: 20,
  1021: 700,
  1022: 701,
  1028: 26,
  1115: 1114,
  1182: 1082,
  1183: 1083,
  1185: 1184,
  1231: 1700,
  199: 114,
  2951: 2950,
  3807: 3802,
};

/** Whether values of a type come as they are; those of others are asked for as text. */
export const isDecoded = (oid: number): boolean => oid in scalars || oid in arrays;

/** A column of a type; of one that is not decoded, as text. */
export function createDecodedColumn(oid: number, numericAs: NumericAs): DecodedColumn {
  const items = arrays[oid];
  if (items === undefined) return (scalars[oid] ?? text)(numericAs);
  const item = scalars[items]!(numericAs);
  const builder = new ListColumn(item.builder);
  return { builder, decode: (bytes, start) => decodeArray(bytes, start, item, builder) };
}

function decodeArray(bytes: Buffer, start: number, item: DecodedColumn, list: ListColumn): void {
  const dimensions = bytes.readInt32BE(start);
  if (dimensions > 1) throw new UnfitValue(`an array of ${dimensions} dimensions`);
  const items = dimensions === 0 ? 0 : bytes.readInt32BE(start + 12);
  let at = start + 20;
  for (let i = 0; i < items; i++) {
    const length = bytes.readInt32BE(at);
    at += 4;
    if (length < 0) {
      item.builder.pushNull();
      continue;
    }
    item.decode(bytes, at, at + length);
    at += length;
  }
  list.close();
}
