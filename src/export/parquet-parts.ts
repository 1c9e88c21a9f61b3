// One Parquet file out of many small ones with the same schema: the pages are copied as they are, the
// footers become one, and offsets move in it and in the offset indexes. https://github.com/apache/parquet-format
//
//   part    "PAR1" pages, column indexes, offset indexes, footer
//   whole   "PAR1" ┬ pages, column indexes, offset indexes   of the first part; these indexes are not used any more
//                  ├ offset indexes                          of the first part, moved
//                  ├ the same of every other part
//                  └ footer                                  with the row groups of all
import { readOffsetIndex } from 'hyparquet';
import type { ColumnChunk, ColumnMetaData, FileMetaData, RowGroup } from 'hyparquet';
import { ByteWriter } from 'hyparquet-writer';
import { serializeTCompactProtocol } from 'hyparquet-writer/src/thrift.js';
import { PARQUET_MAGIC, decodeFooter, encodeFooter, footerStart } from './parquet-footer.ts';

/** Under this key Arrow's readers find the types, units and metadata that Parquet itself has no place for. */
const ARROW_SCHEMA = 'ARROW:schema';

/** Joins Parquet files in memory to one file that grows. */
export class ParquetParts {
  readonly #schema: Uint8Array;
  #footer: FileMetaData | null = null;

  /** First bytes of the file. */
  static readonly head: Uint8Array = PARQUET_MAGIC;

  /** @param schema the table's, as an Arrow IPC message */
  constructor(schema: Uint8Array) {
    this.#schema = schema;
  }

  /**
   * Takes the next part.
   * @param position where its pages will stand in the file
   * @returns what to append: its pages, and offset indexes that fit their new place
   */
  add(part: Uint8Array, position: number): Uint8Array {
    const footer = decodeFooter(part);
    const pages = part.subarray(PARQUET_MAGIC.length, footerStart(part));
    const indexes = new MovedIndexes(part, BigInt(position - PARQUET_MAGIC.length), position + pages.length);
    for (const group of footer.row_groups) moveGroup(group, indexes);
    if (this.#footer === null) this.#footer = footer;
    else {
      this.#footer.row_groups.push(...footer.row_groups);
      this.#footer.num_rows += footer.num_rows;
    }
    return Buffer.concat([pages, indexes.bytes]);
  }

  /** Footer and end of the file. A file needs one part at least, which may have no rows. */
  finish(): Uint8Array {
    // The parts' own entry has the types of their encoder.
    const schema = { key: ARROW_SCHEMA, value: Buffer.from(this.#schema).toString('base64') };
    return encodeFooter({ ...this.#footer!, key_value_metadata: [schema] });
  }

  /** What {@link restore} needs to go on with an interrupted file. */
  save(): string | null {
    return this.#footer && Buffer.from(this.finish()).toString('base64');
  }

  /** Goes on where {@link save} was called. */
  static restore(saved: string, schema: Uint8Array): ParquetParts {
    const parts = new ParquetParts(schema);
    parts.#footer = decodeFooter(Buffer.from(saved, 'base64'));
    return parts;
  }
}

/** Offset indexes hold places of pages and change their length when those move: they go to the end anew. */
class MovedIndexes {
  readonly shift: bigint;
  readonly #part: DataView;
  readonly #position: number;
  readonly #writer = new ByteWriter();

  constructor(part: Uint8Array, shift: bigint, position: number) {
    this.#part = new DataView(part.buffer, part.byteOffset, part.byteLength);
    this.shift = shift;
    this.#position = position;
  }

  /** All that were moved, one behind the other. */
  get bytes(): Uint8Array {
    return this.#writer.getBytes();
  }

  /** Moves the offset index of a column chunk, if it has one. */
  move(chunk: ColumnChunk): void {
    if (chunk.offset_index_offset === undefined) return;
    const reader = { view: this.#part, offset: Number(chunk.offset_index_offset) };
    const index = readOffsetIndex(reader);
    const start = this.#writer.offset;
    // OffsetIndex and PageLocation of parquet.thrift.
    serializeTCompactProtocol(this.#writer, {
      field_1: index.page_locations.map((page) => ({
        field_1: page.offset + this.shift,
        field_2: page.compressed_page_size,
        field_3: page.first_row_index,
      })),
      field_2: index.unencoded_byte_array_data_bytes,
    });
    chunk.offset_index_offset = BigInt(this.#position + start);
    chunk.offset_index_length = this.#writer.offset - start;
  }
}

function moveGroup(group: RowGroup, indexes: MovedIndexes): void {
  const { shift } = indexes;
  move(group, 'file_offset', shift);
  for (const chunk of group.columns) {
    move(chunk, 'file_offset', shift);
    move(chunk, 'column_index_offset', shift);
    indexes.move(chunk);
    for (const key of pageOffsets) move(chunk.meta_data!, key, shift);
  }
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
