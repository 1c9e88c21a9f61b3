// Takes the bounds (least and greatest value) of columns out of a Parquet file: those that Polars gets wrong. It
// marks a page with NaN as one of nulls alone and computes the bounds of a column from its other pages, and it joins
// the bounds of pages of unsigned integers as if they were signed; a reader that skips by them finds too little. Even
// right bounds say nothing about NaN, which some readers take for the greatest value. Without them a reader looks itself.
// https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
import { decodeThrift, encodeThrift } from './thrift-compact.ts';
import type { ThriftList, ThriftStruct } from './thrift-compact.ts';

/** Length of the footer (u32) and magic. */
const TAIL_BYTES = 8;
const MAGIC = Buffer.from('PAR1');

/** Field ids of parquet.thrift. */
const FILE_ROW_GROUPS = 4;
const GROUP_COLUMNS = 1;
const CHUNK = { metadata: 3, columnIndexOffset: 6, columnIndexLength: 7 } as const;
const META = { path: 3, statistics: 12 } as const;
/** Deprecated max and min, max and min, and whether they are exact. Counts of nulls and distinct values stay. */
const boundFields: ReadonlySet<number> = new Set([1, 2, 5, 6, 7, 8]);

/**
 * @param file a whole Parquet file
 * @param columns names of top-level columns
 * @returns the file without the bounds of these columns; pages are shared with `file`
 */
export function dropBounds(file: Uint8Array, columns: ReadonlySet<string>): Uint8Array {
  if (columns.size === 0) return file;
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  const footerStart = bytes.length - TAIL_BYTES - bytes.readUInt32LE(bytes.length - TAIL_BYTES);
  const footer = decodeThrift(bytes.subarray(footerStart, bytes.length - TAIL_BYTES));
  for (const group of structsOf(footer, FILE_ROW_GROUPS)) {
    for (const chunk of structsOf(group, GROUP_COLUMNS)) dropFromChunk(chunk, columns);
  }
  const encoded = encodeThrift(footer);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(encoded.length);
  return Buffer.concat([bytes.subarray(0, footerStart), encoded, length, MAGIC]);
}

function dropFromChunk(chunk: ThriftStruct, columns: ReadonlySet<string>): void {
  const metadata = chunk.find(({ id }) => id === CHUNK.metadata)!.value as ThriftStruct;
  const path = metadata.find(({ id }) => id === META.path)!.value as ThriftList;
  if (!columns.has(Buffer.from(path.items[0] as Uint8Array).toString())) return;
  const statistics = metadata.find(({ id }) => id === META.statistics);
  if (statistics) removeFields(statistics.value as ThriftStruct, (id) => boundFields.has(id));
  removeFields(chunk, (id) => id === CHUNK.columnIndexOffset || id === CHUNK.columnIndexLength);
}

function removeFields(struct: ThriftStruct, isRemoved: (id: number) => boolean): void {
  const kept = struct.filter(({ id }) => !isRemoved(id));
  struct.splice(0, struct.length, ...kept);
}

const structsOf = (struct: ThriftStruct, id: number): ThriftStruct[] =>
  (struct.find((field) => field.id === id)!.value as ThriftList).items as ThriftStruct[];
