// The buffers of one Arrow column → values in rows. n rows, little-endian:
//
//   region 0  validity  n bits, row r in byte r >> 3, bit r & 7: 1 where there is a value; empty when all are there
//   region 1  values    n * width bytes; of bool n bits; of utf8 n + 1 offsets, i32
//   region 2  texts     of utf8: row r is the bytes from offset r to offset r + 1
//
// https://arrow.apache.org/docs/format/Columnar.html#buffer-listing-for-each-layout
import type { AnyRow, Field, FieldType } from '../../core/index.ts';
import type { FlatVector } from './flatbuffer.ts';
import { readInteger } from './plain-event.ts';

/** The buffers of a column: validity bits, then values, or offsets and texts. All lie within the body. */
export interface ArrowBuffers {
  readonly view: DataView;
  readonly bytes: Uint8Array;
  readonly regions: readonly FlatVector[];
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

type FixedType = Exclude<FieldType, 'bool' | 'utf8'>;

interface Fixed {
  readonly width: number;
  readonly read: (view: DataView, at: number) => AnyRow[string];
}

const int64: Fixed = { width: 8, read: readInt64 };

const fixedTypes: Readonly<Record<FixedType, Fixed>> = {
  timestamp: int64,
  int64,
  uint64: { width: 8, read: (view, at) => view.getBigUint64(at, true) },
  int32: { width: 4, read: (view, at) => view.getInt32(at, true) },
  int8: { width: 1, read: (view, at) => view.getInt8(at) },
  float32: { width: 4, read: (view, at) => view.getFloat32(at, true) },
  float64: { width: 8, read: (view, at) => view.getFloat64(at, true) },
};

/** Sets the column in each row that has a value. @throws RangeError when a buffer is too short */
export function readArrowValues({ name, type }: Field, buffers: ArrowBuffers, rows: readonly AnyRow[]): void {
  const read = buildValueReader(type, buffers, rows.length);
  const isValid = buildValidity(buffers, rows.length);
  for (let i = 0; i < rows.length; i++) if (isValid(i)) rows[i]![name] = read(i);
}

/** Without validity bits every value is there. */
function buildValidity({ bytes, regions }: ArrowBuffers, rows: number): (row: number) => boolean {
  const { start, length } = regions[0]!;
  if (length === 0) return () => true;
  assertLength(regions[0]!, Math.ceil(rows / 8));
  return (row) => ((bytes[start + (row >> 3)]! >> (row & 7)) & 1) === 1;
}

function buildValueReader(
  type: FieldType,
  { view, bytes, regions }: ArrowBuffers,
  rows: number,
): (row: number) => AnyRow[string] {
  const values = regions[1]!;
  const { start } = values;
  if (type === 'utf8') return buildTextReader(view, bytes, values, regions[2]!, rows);
  if (type === 'bool') {
    assertLength(values, Math.ceil(rows / 8));
    return (row) => ((bytes[start + (row >> 3)]! >> (row & 7)) & 1) === 1;
  }
  const { width, read } = fixedTypes[type];
  assertLength(values, width * rows);
  return (row) => read(view, start + width * row);
}

/** Offsets must not go back: texts that overlap would be more than the bytes that hold them. */
function buildTextReader(
  view: DataView,
  bytes: Uint8Array,
  offsets: FlatVector,
  texts: FlatVector,
  rows: number,
): (row: number) => string {
  if (rows > 0) assertLength(offsets, 4 * (rows + 1));
  let last = 0;
  return (row) => {
    const from = view.getInt32(offsets.start + 4 * row, true);
    const to = view.getInt32(offsets.start + 4 * row + 4, true);
    if (from < last || to < from || to > texts.length) throw new RangeError('offsets of texts out of order');
    last = to;
    return utf8.decode(bytes.subarray(texts.start + from, texts.start + to));
  };
}

function assertLength({ length }: FlatVector, needed: number): void {
  if (length < needed) throw new RangeError(`a buffer of ${length} bytes, ${needed} are needed`);
}

/** Both halves by themselves: going through BigInt is five times slower. Inexact numbers are refused. */
function readInt64(view: DataView, at: number): number {
  return readInteger(view.getInt32(at + 4, true) * 2 ** 32 + view.getUint32(at, true));
}
