// Columns of a record batch as plain typed arrays, as they are spelt: no Arrow types, no copies but of bytes
// that are widened.
import * as arrow from 'apache-arrow';

/** How the values of a column are spelt. */
export type TextColumnKind =
  'timestamp' | 'int64' | 'uint64' | 'int32' | 'float32' | 'float64' | 'bool' | 'utf8';

/** A column. Every array is there in every column, so that all look alike to the compiler. */
export interface TextColumn {
  readonly kind: TextColumnKind;
  /** 64-bit values as two halves, float32 as bits, offsets of strings, other integers as they are. */
  readonly ints: Int32Array;
  readonly float32: Float32Array;
  readonly float64: Float64Array;
  /** UTF-8, or the bits of booleans. */
  readonly bytes: Uint8Array;
  /** Bits of the values that are there; empty when all are. */
  readonly validity: Uint8Array;
  /** Where the bits of the first row are. */
  readonly bitOffset: number;
}

const noInts = new Int32Array(0);
const noFloat32 = new Float32Array(0);
const noFloat64 = new Float64Array(0);
const noBytes = new Uint8Array(0);

/** Builds the column of one of the types that records have. */
export function toTextColumn(column: arrow.Data): TextColumn {
  const { values, nullCount, nullBitmap, offset, valueOffsets } = column;
  const kind = kindOf(column.type);
  return {
    kind,
    ints: kind === 'utf8' ? (valueOffsets as Int32Array) : toInts(values, kind),
    float32: kind === 'float32' ? (values as Float32Array) : noFloat32,
    float64: kind === 'float64' ? (values as Float64Array) : noFloat64,
    bytes: kind === 'utf8' || kind === 'bool' ? (values as Uint8Array) : noBytes,
    validity: nullCount > 0 ? nullBitmap : noBytes,
    bitOffset: offset,
  };
}

function toInts(values: ArrayBufferView & ArrayLike<unknown>, kind: TextColumnKind): Int32Array {
  if (kind === 'float64' || kind === 'bool') return noInts;
  if (values instanceof Int8Array) return Int32Array.from(values);
  return new Int32Array(values.buffer, values.byteOffset, values.byteLength / 4);
}

function kindOf(type: arrow.DataType): TextColumnKind {
  if (arrow.DataType.isTimestamp(type)) return 'timestamp';
  if (arrow.DataType.isUtf8(type)) return 'utf8';
  if (arrow.DataType.isBool(type)) return 'bool';
  if (arrow.DataType.isFloat(type)) return type.precision === arrow.Precision.SINGLE ? 'float32' : 'float64';
  if (!arrow.DataType.isInt(type)) {
    throw new TypeError(`Cannot write a column of Arrow type ${type.typeId} as text: records have none`);
  }
  if (type.bitWidth < 64) return 'int32';
  return type.isSigned ? 'int64' : 'uint64';
}
