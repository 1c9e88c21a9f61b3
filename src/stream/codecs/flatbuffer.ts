// Reads FlatBuffers tables out of hostile bytes: the metadata of Arrow IPC messages. Every access is a
// bounds-checked read of a DataView (RangeError), and nothing is read that was not asked for.
// https://flatbuffers.dev/internals · only little-endian, only what Arrow uses
//
//   buffer  0     4   offset of the root table, u32
//   table   0     4   way back to its vtable, i32: the vtable is at `table - way`
//           4     ..  values of the fields, where the vtable says
//   vtable  0     2   size of the vtable, u16; fields beyond it are not set
//           2     2   size of the table, u16
//           4+2i  2   offset of field i (its slot) in the table, u16; 0 when it is not set
//   vector  0     4   number of items, u32
//           4     ..  scalars, structs, or an offset to each table
//   text              a vector of bytes, UTF-8
//
// The value of a nested table, vector or text is an offset, u32, from where it stands.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const VtableOffset = { SIZE: 0, FIELDS: 4 } as const;
/** Of an offset, of a length, and of a vtable's entry. */
const OFFSET_BYTES = 4;
const LENGTH_BYTES = 4;
const ENTRY_BYTES = 2;

/** A table: where it begins in its buffer. */
export interface FlatTable {
  readonly view: DataView;
  readonly at: number;
}

/** The root table of a buffer. */
export function rootOf(view: DataView): FlatTable {
  return { view, at: follow(view, 0) };
}

/** Where a field's value lies, 0 when it is not set. */
export function positionOf({ view, at }: FlatTable, slot: number): number {
  const vtable = at - view.getInt32(at, true);
  const entry = VtableOffset.FIELDS + ENTRY_BYTES * slot;
  if (entry >= view.getUint16(vtable + VtableOffset.SIZE, true)) return 0;
  const offset = view.getUint16(vtable + entry, true);
  return offset === 0 ? 0 : at + offset;
}

/** An unsigned byte; 0 when it is not set, as for the other scalars. */
export function byteOf(table: FlatTable, slot: number): number {
  const at = positionOf(table, slot);
  return at === 0 ? 0 : table.view.getUint8(at);
}

export function int16Of(table: FlatTable, slot: number): number {
  const at = positionOf(table, slot);
  return at === 0 ? 0 : table.view.getInt16(at, true);
}

export function int32Of(table: FlatTable, slot: number): number {
  const at = positionOf(table, slot);
  return at === 0 ? 0 : table.view.getInt32(at, true);
}

/** A size or count of 64 bits. @throws RangeError when it is negative or beyond 2^53 */
export function sizeOf(table: FlatTable, slot: number): number {
  const at = positionOf(table, slot);
  return at === 0 ? 0 : sizeAt(table.view, at);
}

/** A size or count of 64 bits at a place. @throws RangeError when it is negative or beyond 2^53 */
export function sizeAt(view: DataView, at: number): number {
  const high = view.getInt32(at + 4, true);
  if (high < 0 || high >= 2 ** 21) throw new RangeError('a size that is negative or beyond 2^53');
  return high * 2 ** 32 + view.getUint32(at, true);
}

/** A nested table, or null. */
export function tableOf(table: FlatTable, slot: number): FlatTable | null {
  const at = positionOf(table, slot);
  return at === 0 ? null : { view: table.view, at: follow(table.view, at) };
}

/** The text of a field, or null. @throws RangeError when it is longer than `maxBytes` */
export function textOf(table: FlatTable, slot: number, maxBytes: number): string | null {
  const at = positionOf(table, slot);
  if (at === 0) return null;
  const { start, length } = vectorAt(table.view, at, 1);
  if (length > maxBytes) throw new RangeError(`a text of ${length} bytes`);
  return utf8.decode(new Uint8Array(table.view.buffer, table.view.byteOffset + start, length));
}

/** Where the items of a vector begin, and how many there are; items of a struct lie one behind the other. */
export interface FlatVector {
  readonly start: number;
  readonly length: number;
}

/** The vector of a field; empty when it is not set. */
export function vectorOf(table: FlatTable, slot: number, itemBytes: number): FlatVector {
  const at = positionOf(table, slot);
  return at === 0 ? { start: 0, length: 0 } : vectorAt(table.view, at, itemBytes);
}

/** The tables of a vector of tables. @throws RangeError when there are more than `maxItems` */
export function tablesOf(table: FlatTable, slot: number, maxItems: number): FlatTable[] {
  const { view } = table;
  const { start, length } = vectorOf(table, slot, OFFSET_BYTES);
  if (length > maxItems) throw new RangeError(`a list of ${length} items`);
  return Array.from({ length }, (_, i) => ({ view, at: follow(view, start + OFFSET_BYTES * i) }));
}

function vectorAt(view: DataView, at: number, itemBytes: number): FlatVector {
  const vector = follow(view, at);
  const length = view.getUint32(vector, true);
  const start = vector + LENGTH_BYTES;
  if (start + length * itemBytes > view.byteLength) throw new RangeError('a list reaches beyond its message');
  return { start, length };
}

/** Offsets count from where they stand. */
function follow(view: DataView, at: number): number {
  return at + view.getUint32(at, true);
}
