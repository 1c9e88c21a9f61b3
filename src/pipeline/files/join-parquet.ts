// One Parquet file out of its parts: pages are copied as they are, the footers become one, and offsets move in it.
// https://github.com/apache/parquet-format
//
//   part    "PAR1" pages, column indexes, offset indexes, footer
//   whole   "PAR1" ┬ pages of the first part
//                  ├ pages of every other part
//                  └ footer   with the row groups of all
//
// Page indexes are left out: they hold places of pages, and Polars gets some of their bounds wrong. It marks a page with
// NaN as one of nulls alone, and joins the bounds of unsigned integers as if they were signed. For the same reason
// columns with NaN, and uint64, have no bounds at all: a reader then looks itself.
import { open, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import type * as arrow from 'apache-arrow';
import type { ColumnChunk, ColumnMetaData, FileMetaData, RowGroup, Statistics } from 'hyparquet';
import { encodeArrowSchema } from './arrow-message.ts';
import { FOOTER_TAIL_BYTES, PARQUET_MAGIC, decodeFooter, encodeFooter } from './parquet-footer.ts';
import type { PartJoiner } from './part-joiner.ts';
import type { PartOutput } from './part-output.ts';

/** Under this key Arrow's readers find the types, units and metadata that Parquet itself has no place for. */
const ARROW_SCHEMA = 'ARROW:schema';

/** Joins Parquet files. */
export function joinParquet(output: PartOutput, schema: arrow.Schema | undefined): PartJoiner {
  let whole: FileMetaData | null = null;
  const add = (footer: FileMetaData): void => {
    if (whole === null) {
      whole = footer;
      return;
    }
    whole.row_groups.push(...footer.row_groups);
    whole.num_rows += footer.num_rows;
  };
  const append = async (path: string): Promise<void> => {
    const withoutBounds = await findWithoutBounds(path);
    const { footer, pagesEnd } = await readFooter(path);
    const isAdopted = await output.adopt(path);
    if (isAdopted) await output.truncate(pagesEnd);
    else if (output.bytes === 0) await output.write(PARQUET_MAGIC);
    const shift = isAdopted ? 0n : BigInt(output.bytes - PARQUET_MAGIC.length);
    for (const group of footer.row_groups) rewriteGroup(group, shift, withoutBounds);
    add(footer);
    if (isAdopted) return;
    {
      await using part = await open(path);
      await output.copy(part, PARQUET_MAGIC.length, pagesEnd);
    }
    await rm(path);
  };
  return {
    append,
    finish: async () => {
      await output.write(encodeFooter(schema ? withSchema(whole!, schema) : whole!));
      await output.finish();
    },
  };
}

/** The parts' own entry has the types of their writer. */
function withSchema(footer: FileMetaData, schema: arrow.Schema): FileMetaData {
  const value = Buffer.from(encodeArrowSchema(schema)).toString('base64');
  const others = (footer.key_value_metadata ?? []).filter(({ key }) => key !== ARROW_SCHEMA);
  return { ...footer, key_value_metadata: [...others, { key: ARROW_SCHEMA, value }] };
}

async function readFooter(path: string): Promise<{ footer: FileMetaData; pagesEnd: number }> {
  await using file = await open(path);
  const { size } = await file.stat();
  const tail = await readAt(file, size - FOOTER_TAIL_BYTES, size);
  const start = size - FOOTER_TAIL_BYTES - tail.readUInt32LE(0);
  const footer = decodeFooter(await readAt(file, start, size));
  const chunks = footer.row_groups.flatMap(({ columns }) => columns);
  const indexes = chunks.flatMap((chunk) => [chunk.column_index_offset, chunk.offset_index_offset]);
  const offsets = indexes.flatMap((offset) => (offset === undefined ? [] : Number(offset)));
  return { footer, pagesEnd: offsets.reduce((least, offset) => Math.min(least, offset), start) };
}

async function readAt(file: FileHandle, from: number, to: number): Promise<Buffer> {
  const bytes = Buffer.alloc(to - from);
  const { bytesRead } = await file.read(bytes, 0, bytes.length, from);
  return bytes.subarray(0, bytesRead);
}

/** Columns whose bounds are wrong or say too little. */
async function findWithoutBounds(path: string): Promise<ReadonlySet<string>> {
  const { default: polars } = await import('nodejs-polars');
  const frame = polars.scanParquet(path);
  const { schema } = await frame.limit(0).collect();
  const types = Object.entries(schema as Readonly<Record<string, unknown>>);
  const unsigned = types.filter(([, type]) => String(type) === 'DataType(UInt64)');
  const floats = types.filter(([, type]) => /^DataType\(Float(32|64)\)$/.test(String(type)));
  const names = unsigned.map(([name]) => name);
  if (floats.length === 0) return new Set(names);
  // One expression for all: each takes half a megabyte here.
  const counts = await frame.select(polars.col(floats.map(([name]) => name)).isNan().sum()).collect();
  const [found] = counts.toRecords() as [Record<string, number | null>];
  return new Set([...names, ...floats.flatMap(([name]) => (Number(found[name]) > 0 ? [name] : []))]);
}

function rewriteGroup(group: RowGroup, shift: bigint, withoutBounds: ReadonlySet<string>): void {
  move(group, 'file_offset', shift);
  for (const chunk of group.columns) {
    move(chunk, 'file_offset', shift);
    dropIndexes(chunk);
    const meta = chunk.meta_data!;
    for (const key of pageOffsets) move(meta, key, shift);
    if (meta.statistics && withoutBounds.has(meta.path_in_schema[0]!)) dropBounds(meta.statistics);
  }
}

function dropIndexes(chunk: ColumnChunk): void {
  delete chunk.column_index_offset;
  delete chunk.column_index_length;
  delete chunk.offset_index_offset;
  delete chunk.offset_index_length;
}

/** Counts of nulls and distinct values stay. */
const bounds = [
  'max',
  'min',
  'max_value',
  'min_value',
  'is_max_value_exact',
  'is_min_value_exact',
] as const satisfies (keyof Statistics)[];

function dropBounds(statistics: Statistics): void {
  for (const key of bounds) delete statistics[key];
}

const pageOffsets = [
  'data_page_offset',
  'index_page_offset',
  'dictionary_page_offset',
  'bloom_filter_offset',
] as const satisfies (keyof ColumnMetaData)[];

/** Adds to an offset, where there is one; 0 means that a writer left it unset. */
function move<K extends string>(holder: { [key in K]?: bigint }, key: K, shift: bigint): void {
  const offset = holder[key];
  if (offset !== undefined && offset !== 0n) holder[key] = offset + shift;
}
