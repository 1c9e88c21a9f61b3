// The same values in another layout of Arrow: Polars writes text as views, lists with 64-bit offsets, maps as lists of
// structs and all times in nanoseconds. A batch that conforms to a schema has exactly its types, names and metadata.
// What has the layout already is taken over without a copy.
import * as arrow from 'apache-arrow';
import type { Batch } from '../contract.ts';
import { columnBlockError, conformError } from './errors.ts';
import { assembleBatch } from './blocks.ts';

/**
 * Gives a batch the types of a schema, column by column, by name.
 * @throws RuvectorError `ERR_PIPELINE_TYPE` for a column that is missing or has no such form
 */
export function conformBatch(batch: Batch, schema: arrow.Schema): Batch {
  const children = schema.fields.map((field) => {
    const at = batch.schema.fields.findIndex(({ name }) => name === field.name);
    if (at < 0) throw columnBlockError(field.name, 'the batch has no such column');
    return conformColumn(field.name, batch.data.children[at]!, field.type as arrow.DataType);
  });
  return assembleBatch(schema, batch.numRows, children);
}

/** Text and bytes, whichever way they lie. */
const isBytes = (type: arrow.DataType): boolean =>
  arrow.DataType.isUtf8(type) ||
  arrow.DataType.isLargeUtf8(type) ||
  arrow.DataType.isUtf8View(type) ||
  arrow.DataType.isBinary(type) ||
  arrow.DataType.isLargeBinary(type) ||
  arrow.DataType.isBinaryView(type) ||
  arrow.DataType.isFixedSizeBinary(type);

type ListType = arrow.List | arrow.LargeList | arrow.Map_;

const isList = (type: arrow.DataType): type is ListType =>
  arrow.DataType.isList(type) || arrow.DataType.isLargeList(type) || arrow.DataType.isMap(type);

function conformColumn(name: string, column: arrow.Data, to: arrow.DataType): arrow.Data {
  const from = column.type;
  const asked = [name, from[Symbol.toStringTag], to[Symbol.toStringTag]] as const;
  if (arrow.util.compareTypes(from, to)) return column;
  if (arrow.DataType.isDictionary(from) || arrow.DataType.isDictionary(to)) {
    return rebuildValues(name, column, to);
  }
  if (isBytes(from) && isBytes(to)) return rebuildValues(name, column, to);
  if (isList(from) && isList(to)) return conformList(name, column, to);
  if (arrow.DataType.isFixedSizeList(from) && arrow.DataType.isFixedSizeList(to)) {
    return conformFixedList(name, column, to);
  }
  if (arrow.DataType.isStruct(from) && arrow.DataType.isStruct(to)) return conformStruct(name, column, to);
  if (arrow.DataType.isTime(from) && arrow.DataType.isTime(to)) return conformTime(column, from, to);
  throw conformError(...asked);
}

/** Validity of a column that was cut, from its first row on. */
function validityOf(column: arrow.Data): { nullCount: number; nullBitmap?: Uint8Array } {
  const { length, offset, nullCount, nullBitmap } = column;
  if (nullCount === 0) return { nullCount };
  if (offset === 0) return { nullCount, nullBitmap };
  const cut = new Uint8Array(Math.ceil(length / 8));
  for (let i = 0; i < length; i++) {
    const at = offset + i;
    if ((nullBitmap[at >> 3]! >> (at & 7)) & 1) cut[i >> 3]! |= 1 << (i & 7);
  }
  return { nullCount, nullBitmap: cut };
}

function rebuildValues(name: string, column: arrow.Data, to: arrow.DataType): arrow.Data {
  const from = column.type;
  const asked = [name, from[Symbol.toStringTag], to[Symbol.toStringTag]] as const;
  const value = arrow.DataType.isDictionary(from) ? (from.dictionary as arrow.DataType) : from;
  const wanted = arrow.DataType.isDictionary(to) ? (to.dictionary as arrow.DataType) : to;
  if (!isBytes(value) || !isBytes(wanted)) throw conformError(...asked);
  const values = [...new arrow.Vector([column])] as (string | Uint8Array | null)[];
  const given = values.map((each) => (each === null ? null : isText(wanted) ? toText(each) : toBytes(each)));
  return arrow.vectorFromArray(given, to).data[0] ?? arrow.makeData({ type: to as arrow.Utf8, length: 0 });
}

const isText = (type: arrow.DataType): boolean =>
  arrow.DataType.isUtf8(type) || arrow.DataType.isLargeUtf8(type) || arrow.DataType.isUtf8View(type);
const toText = (value: string | Uint8Array): string =>
  typeof value === 'string' ? value : Buffer.from(value).toString();
const toBytes = (value: string | Uint8Array): Uint8Array =>
  typeof value === 'string' ? Buffer.from(value) : value;

function conformList(name: string, column: arrow.Data, to: ListType): arrow.Data {
  const { length } = column;
  const offsets = column.valueOffsets as Int32Array | BigInt64Array;
  const first = Number(offsets[0] ?? 0);
  const count = Number(offsets[length] ?? 0) - first;
  const entries = column.children[0]!.slice(first, count);
  const child = conformColumn(name, entries, to.children[0]!.type as arrow.DataType);
  const isLarge = arrow.DataType.isLargeList(to);
  const valueOffsets = isLarge ? new BigInt64Array(length + 1) : new Int32Array(length + 1);
  for (let i = 0; i <= length; i++) {
    const offset = Number(offsets[i] ?? 0) - first;
    if (isLarge) (valueOffsets as BigInt64Array)[i] = BigInt(offset);
    else (valueOffsets as Int32Array)[i] = offset;
  }
  const type = to as arrow.List;
  return arrow.makeData({
    type,
    length,
    ...validityOf(column),
    valueOffsets: valueOffsets as Int32Array,
    child,
  });
}

function conformFixedList(name: string, column: arrow.Data, to: arrow.FixedSizeList): arrow.Data {
  const from = column.type as arrow.FixedSizeList;
  if (from.listSize !== to.listSize) throw conformError(name, String(from), String(to));
  const child = conformColumn(name, column.children[0]!, to.children[0]!.type as arrow.DataType);
  return arrow.makeData({ type: to, length: column.length, ...validityOf(column), child });
}

/** By name; the two fields of a map's entries by their place, because everyone names them differently. */
function conformStruct(name: string, column: arrow.Data, to: arrow.Struct): arrow.Data {
  const from = column.type as arrow.Struct;
  const children = to.children.map((field, place) => {
    const named = from.children.findIndex((each) => each.name === field.name);
    const at = named < 0 && from.children.length === to.children.length ? place : named;
    if (at < 0) throw conformError(name, String(from), String(to));
    return conformColumn(name, column.children[at]!, field.type as arrow.DataType);
  });
  return arrow.makeData({ type: to, length: column.length, ...validityOf(column), children });
}

const unitsPerSecond = [1, 1e3, 1e6, 1e9];

function conformTime(column: arrow.Data, from: arrow.Time, to: arrow.Time): arrow.Data {
  const scale = unitsPerSecond[to.unit]! / unitsPerSecond[from.unit]!;
  const source = column.values as Int32Array | BigInt64Array;
  const data = to.bitWidth === 64 ? new BigInt64Array(column.length) : new Int32Array(column.length);
  for (let i = 0; i < data.length; i++) {
    // A day has fewer than 2^53 nanoseconds.
    const value = Math.trunc(Number(source[i]) * scale);
    if (data instanceof BigInt64Array) data[i] = BigInt(value);
    else data[i] = value;
  }
  return arrow.makeData({
    type: to as arrow.TimeMillisecond,
    ...validityOf(column),
    data: data as Int32Array,
  });
}
