// How many bytes rows take: of a batch as it is, of a schema before there is one, and of what a transform made new.
// Counted are the rows of a batch, also where it is a slice of something larger. A dictionary is not: batches share it.
import * as arrow from 'apache-arrow';
import type { Batch } from '../contract.ts';

/** Bytes of a text, list or map of which nothing is known. */
const UNKNOWN_VALUE_BYTES = 32;

/** Bytes of the rows of a batch. */
export function bytesOf(batch: Batch): number {
  return sumOf(batch.data.children, everything);
}

/** Memory a batch points into, to be told apart from other memory. */
export type Memory = ReadonlySet<ArrayBufferLike>;

/** The memory behind a batch. */
export function memoryOf(batch: Batch): Memory {
  const found = new Set<ArrayBufferLike>();
  for (const child of batch.data.children) addMemory(child, found);
  return found;
}

/** What of a batch lies outside some memory, and whether any of it lies inside. */
export function compareMemory(batch: Batch, memory: Memory): { freshBytes: number; isShared: boolean } {
  let isShared = false;
  const freshBytes = sumOf(batch.data.children, (view) => {
    const isOutside = !memory.has(view.buffer);
    if (!isOutside) isShared = true;
    return isOutside;
  });
  return { freshBytes, isShared };
}

/** What a row of a schema will take, roughly. */
export function guessRowBytes(schema: arrow.Schema): number {
  return Math.max(1, schema.fields.reduce((sum, { type }) => sum + guessValueBytes(type as arrow.DataType), 0));
}

type Counts = (view: ArrayBufferView) => boolean;
const everything: Counts = () => true;

function sumOf(columns: readonly arrow.Data[], counts: Counts): number {
  let bytes = 0;
  for (const column of columns) bytes += columnBytes(column, counts);
  return bytes;
}

function columnBytes(column: arrow.Data, counts: Counts): number {
  const { length, children } = column;
  const offsets = column.valueOffsets as Int32Array | BigInt64Array | undefined;
  let bytes = sizeIfCounted(column.nullBitmap, bitBytes(length), counts);
  bytes += sizeIfCounted(column.typeIds as unknown as Int8Array, length, counts);
  for (const view of column.variadicBuffers ?? []) bytes += sizeIfCounted(view, view.byteLength, counts);
  if (!offsets?.length || column.typeIds?.length) {
    bytes += sizeIfCounted(column.values as Uint8Array, valueBytes(column), counts);
    return bytes + sumOf(children, counts);
  }
  const range = Number(offsets[length] ?? 0) - Number(offsets[0]);
  bytes += sizeIfCounted(offsets, (length + 1) * offsets.BYTES_PER_ELEMENT, counts);
  const child = children[0];
  if (!child) return bytes + sizeIfCounted(column.values as Uint8Array, range, counts);
  // A slice of lists keeps all their values.
  return bytes + (child.length === 0 ? 0 : Math.ceil((columnBytes(child, counts) * range) / child.length));
}

function sizeIfCounted(
  view: ArrayBufferView | null | undefined,
  sizeBytes: number,
  counts: Counts,
): number {
  return view && view.byteLength > 0 && counts(view) ? sizeBytes : 0;
}

const bitBytes = (length: number): number => (length + 7) >> 3;

/** A slice keeps the whole bits of booleans. */
function valueBytes(column: arrow.Data): number {
  if (arrow.DataType.isBool(column.type)) return bitBytes(column.length);
  return (column.values as Uint8Array | undefined)?.byteLength ?? 0;
}

function addMemory(column: arrow.Data, found: Set<ArrayBufferLike>): void {
  for (const view of [column.values, column.valueOffsets, column.nullBitmap, column.typeIds] as (
    ArrayBufferView | null | undefined
  )[]) {
    if (view && view.byteLength > 0) found.add(view.buffer);
  }
  for (const view of column.variadicBuffers ?? []) found.add(view.buffer);
  for (const child of column.children) addMemory(child, found);
}

function guessValueBytes(type: arrow.DataType): number {
  const { DataType } = arrow;
  if (DataType.isNull(type) || DataType.isBool(type)) return 1;
  if (DataType.isDictionary(type)) return guessValueBytes(type.indices);
  if (DataType.isFixedSizeBinary(type)) return type.byteWidth;
  if (DataType.isFixedSizeList(type)) return type.listSize * guessValueBytes(type.children[0]!.type);
  if (DataType.isStruct(type)) {
    return type.children.reduce((sum, { type: child }) => sum + guessValueBytes(child as arrow.DataType), 0);
  }
  if (DataType.isInt(type)) return type.bitWidth / 8;
  if (DataType.isFloat(type)) return 2 << type.precision;
  if (DataType.isDecimal(type)) return type.bitWidth / 8;
  return valueWidths.get(type.typeId) ?? UNKNOWN_VALUE_BYTES;
}

const valueWidths: ReadonlyMap<arrow.Type, number> = new Map([
  [arrow.Type.Date, 8],
  [arrow.Type.Time, 8],
  [arrow.Type.Timestamp, 8],
  [arrow.Type.Duration, 8],
  [arrow.Type.Interval, 16],
]);
