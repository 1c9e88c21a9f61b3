// The schema message of an Arrow IPC stream → flat columns by name. Not: their values.
// Slots of the tables, see flatbuffer.ts:
//
//   Schema    0 endianness i16, 0 little  1 fields, Field each  2 metadata, KeyValue each
//   Field     0 name  2 type of `type` u8  3 type, a table  4 dictionary, a table  5 children, Field each
//   KeyValue  0 key  1 value
//   Int       0 bitWidth i32  1 is_signed bool
//   Float     0 precision i16: 0 half, 1 single, 2 double
//   Timestamp 0 unit i16: 0 s, 1 ms, 2 µs, 3 ns  1 time zone
//
// https://github.com/apache/arrow/blob/main/format/Schema.fbs
import type { FieldType } from '../../core/index.ts';
import { byteOf, int16Of, int32Of, positionOf, tableOf, tablesOf, textOf } from './flatbuffer.ts';
import type { FlatTable } from './flatbuffer.ts';
import { refuse } from './plain-event.ts';

const MAX_COLUMNS = 1024;
const MAX_NAME_BYTES = 256;

export interface ArrowColumn {
  readonly name: string;
  /** Null for a type that no column of ours has. */
  readonly type: FieldType | null;
  /** Validity, values and offsets: how many buffers of a batch belong to it. */
  readonly bufferCount: number;
}

export interface ArrowSchema {
  readonly columns: readonly ArrowColumn[];
  /** Only keys of ours. */
  readonly metadata: ReadonlyMap<string, string>;
}

/** Of the tables above. */
const SchemaSlot = { ENDIANNESS: 0, FIELDS: 1, METADATA: 2 } as const;
const FieldSlot = { NAME: 0, TYPE_TYPE: 2, TYPE: 3, DICTIONARY: 4, CHILDREN: 5 } as const;
const KeyValueSlot = { KEY: 0, VALUE: 1 } as const;
const IntSlot = { BIT_WIDTH: 0, IS_SIGNED: 1 } as const;
const PRECISION_SLOT = 0;
const UNIT_SLOT = 0;
const MILLISECOND = 1;
/** Members of the union Type. */
const TypeCode = {
  NULL: 1,
  INT: 2,
  FLOAT: 3,
  BINARY: 4,
  UTF8: 5,
  BOOL: 6,
  TIMESTAMP: 10,
  INTERVAL: 11,
  FIXED_SIZE_BINARY: 15,
  DURATION: 18,
  LARGE_BINARY: 19,
  LARGE_UTF8: 20,
} as const;
/** Flat types with validity, offsets and bytes. */
const withOffsets: ReadonlySet<number> = new Set([
  TypeCode.BINARY,
  TypeCode.UTF8,
  TypeCode.LARGE_BINARY,
  TypeCode.LARGE_UTF8,
]);

/** Decodes a Schema table. @throws RangeError for what it refuses */
export function decodeArrowSchema(schema: FlatTable): ArrowSchema {
  if (int16Of(schema, SchemaSlot.ENDIANNESS) !== 0) throw new RangeError('a big-endian schema');
  const columns = tablesOf(schema, SchemaSlot.FIELDS, MAX_COLUMNS).map(decodeColumn);
  return { columns, metadata: decodeMetadata(schema) };
}

function decodeColumn(field: FlatTable): ArrowColumn {
  const name = textOf(field, FieldSlot.NAME, MAX_NAME_BYTES) ?? '';
  if (positionOf(field, FieldSlot.DICTIONARY) !== 0) return refuse('a column without dictionary', name);
  if (tablesOf(field, FieldSlot.CHILDREN, 0).length > 0) return refuse('a flat column', name);
  const code = byteOf(field, FieldSlot.TYPE_TYPE);
  const type = tableOf(field, FieldSlot.TYPE);
  return { name, type: type && decodeType(code, type), bufferCount: bufferCountOf(code) };
}

function decodeType(code: number, type: FlatTable): FieldType | null {
  switch (code) {
    case TypeCode.INT:
      return integerTypes[`${byteOf(type, IntSlot.IS_SIGNED)}:${int32Of(type, IntSlot.BIT_WIDTH)}`] ?? null;
    case TypeCode.FLOAT:
      return ([null, 'float32', 'float64'] as const)[int16Of(type, PRECISION_SLOT)] ?? null;
    case TypeCode.UTF8:
      return 'utf8';
    case TypeCode.BOOL:
      return 'bool';
    case TypeCode.TIMESTAMP:
      return int16Of(type, UNIT_SLOT) === MILLISECOND ? 'timestamp' : null;
    default:
      return null;
  }
}

/** By sign and width. */
const integerTypes: Readonly<Record<string, FieldType>> = {
  '1:64': 'int64',
  '0:64': 'uint64',
  '1:32': 'int32',
  '1:8': 'int8',
};

/** https://arrow.apache.org/docs/format/Columnar.html#buffer-listing-for-each-layout */
function bufferCountOf(code: number): number {
  if (code === TypeCode.NULL) return 0;
  if (withOffsets.has(code)) return 3;
  // Fixed width: validity and values.
  if (code <= TypeCode.INTERVAL || code === TypeCode.FIXED_SIZE_BINARY || code === TypeCode.DURATION)
    return 2;
  return refuse('a column of a flat type', `type ${code}`);
}

function decodeMetadata(schema: FlatTable): Map<string, string> {
  const metadata = new Map<string, string>();
  for (const entry of tablesOf(schema, SchemaSlot.METADATA, MAX_COLUMNS)) {
    const key = textOf(entry, KeyValueSlot.KEY, MAX_NAME_BYTES) ?? '';
    if (key.startsWith('ruvector.'))
      metadata.set(key, textOf(entry, KeyValueSlot.VALUE, MAX_NAME_BYTES) ?? '');
  }
  return metadata;
}
