// Takes the bounds (least and greatest value) of columns out of a Parquet file: those that Polars gets wrong. It
// marks a page with NaN as one of nulls alone and computes the bounds of a column from its other pages, and it joins
// the bounds of pages of unsigned integers as if they were signed; a reader that skips by them finds too little. Even
// right bounds say nothing about NaN, which some readers take for the greatest value. Without them a reader looks itself.
// https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
import type { ColumnChunk, Statistics } from 'hyparquet';
import { decodeFooter, encodeFooter, footerStart } from './parquet-footer.ts';

/**
 * @param file a whole Parquet file
 * @param columns names of top-level columns
 * @returns the file without the bounds of these columns
 */
export function dropBounds(file: Uint8Array, columns: ReadonlySet<string>): Uint8Array {
  if (columns.size === 0) return file;
  const footer = decodeFooter(file);
  for (const chunk of footer.row_groups.flatMap((group) => group.columns)) {
    if (columns.has(chunk.meta_data!.path_in_schema[0]!)) dropFromChunk(chunk);
  }
  return Buffer.concat([file.subarray(0, footerStart(file)), encodeFooter(footer)]);
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

function dropFromChunk(chunk: ColumnChunk): void {
  const { statistics } = chunk.meta_data!;
  if (statistics) for (const key of bounds) delete statistics[key];
  delete chunk.column_index_offset;
  delete chunk.column_index_length;
}
