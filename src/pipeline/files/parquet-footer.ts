// The footer of a Parquet file in memory ⇄ hyparquet's metadata. A file, from its end:
//
//   -4      4  magic "PAR1"
//   -8      4  length n of the metadata, u32 little-endian
//   -8-n    n  FileMetaData of parquet.thrift, Thrift compact protocol
//   4      ..  pages, column indexes, offset indexes: where the metadata says
//   0       4  magic "PAR1"
//
// https://github.com/apache/parquet-format#file-format
import { parquetMetadata } from 'hyparquet';
import type { FileMetaData, ParquetParsers, SchemaElement } from 'hyparquet';
import { ByteWriter } from 'hyparquet-writer';
import { writeMetadata } from 'hyparquet-writer/src/metadata.js';

/** First and last bytes of a file. */
export const PARQUET_MAGIC: Uint8Array = Buffer.from('PAR1');
/** Length of the metadata and magic. */
export const FOOTER_TAIL_BYTES = 8;

/** Bounds stay what they are in the file: bytes of texts, numbers of times. */
const asItIs = (value: unknown): never => value as never;
const parsers: Partial<ParquetParsers> = {
  stringFromBytes: asItIs,
  dateFromDays: asItIs,
  timestampFromMilliseconds: asItIs,
  timestampFromMicroseconds: asItIs,
  timestampFromNanoseconds: asItIs,
};

/** Decodes the footer of a whole file, or of what {@link encodeFooter} gave. */
export function decodeFooter(file: Uint8Array): FileMetaData {
  return parquetMetadata(file, { parsers, geoparquet: false });
}

/** Where the pages and indexes of a whole file end. */
export function footerStart(file: Uint8Array): number {
  const { buffer, byteOffset, byteLength } = file;
  return byteLength - FOOTER_TAIL_BYTES - new DataView(buffer, byteOffset).getUint32(byteLength - FOOTER_TAIL_BYTES, true);
}

/** Encodes the end of a file: metadata, its length, magic. */
export function encodeFooter(metadata: FileMetaData): Uint8Array {
  const writer = new ByteWriter();
  const schema = metadata.schema.map(withoutIntegerWidth);
  // Bounds were cut when the pages were written, if at all.
  writeMetadata(writer, { ...metadata, schema }, Infinity);
  writer.appendBytes(PARQUET_MAGIC);
  return writer.getBytes();
}

/** hyparquet-writer's logical INTEGER type is refused by pyarrow and Polars; the older name beside it is read by all. */
function withoutIntegerWidth(element: SchemaElement): SchemaElement {
  if (element.logical_type?.type !== 'INTEGER') return element;
  const { logical_type: _, ...rest } = element;
  return rest;
}
