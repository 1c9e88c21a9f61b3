// One Parquet file out of many small ones with the same schema: the pages are copied as they are, the
// footers become one, and offsets move in it and in the page indexes. https://github.com/apache/parquet-format
import { BINARY, I64, LIST, STRUCT, decodeThrift, encodeThrift } from './thrift-compact.ts';
import type { ThriftList, ThriftStruct, ThriftValue } from './thrift-compact.ts';

const MAGIC = Buffer.from('PAR1');
/** Length of the footer (u32) and magic. */
const TAIL_BYTES = 8;

/** Field ids of parquet.thrift. */
const FILE = { numRows: 3, rowGroups: 4, keyValues: 5 } as const;
const GROUP = { columns: 1, fileOffset: 5, ordinal: 7 } as const;
const CHUNK = {
  fileOffset: 2,
  metadata: 3,
  offsetIndexOffset: 4,
  offsetIndexLength: 5,
  columnIndexOffset: 6,
} as const;
const META = { dataPage: 9, indexPage: 10, dictionaryPage: 11, bloomFilter: 14 } as const;
const OFFSET_INDEX = { pages: 1 } as const;
const PAGE_LOCATION = { offset: 1 } as const;
const KEY_VALUE = { key: 1, value: 2 } as const;

/** Under this key Arrow's readers find the types, units and metadata that Parquet itself has no place for. */
const ARROW_SCHEMA = 'ARROW:schema';

/** Fields of the footer that are not those of the first part. */
const ownFields: ReadonlySet<number> = new Set(Object.values(FILE));

/** Joins Parquet files in memory to one file that grows. */
export class ParquetParts {
  readonly #schema: Uint8Array;
  #footer: ThriftStruct | null = null;
  #groups: ThriftValue[] = [];
  #rows = 0n;

  /** First bytes of the file. */
  static readonly head: Uint8Array = MAGIC;

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
    const footerStart =
      part.length -
      TAIL_BYTES -
      Buffer.from(part.buffer, part.byteOffset).readUInt32LE(part.length - TAIL_BYTES);
    const footer = decodeThrift(part.subarray(footerStart, part.length - TAIL_BYTES));
    const pages = part.subarray(MAGIC.length, footerStart);
    const indexes = new MovedIndexes(part, BigInt(position - MAGIC.length), position + pages.length);
    for (const group of listOf(footer, FILE.rowGroups).items) {
      moveGroup(group as ThriftStruct, indexes);
      this.#groups.push(group);
    }
    this.#rows += valueOf(footer, FILE.numRows) as bigint;
    this.#footer ??= footer;
    return Buffer.concat([pages, ...indexes.encoded]);
  }

  /** Footer and end of the file. A file needs one part at least, which may have no rows. */
  finish(): Uint8Array {
    const whole = [
      ...this.#footer!.filter(({ id }) => !ownFields.has(id)),
      { id: FILE.numRows, type: I64, value: this.#rows },
      { id: FILE.rowGroups, type: LIST, value: { type: STRUCT, items: this.#groups } },
      // The parts' own entry has the types of their encoder.
      { id: FILE.keyValues, type: LIST, value: { type: STRUCT, items: [schemaEntry(this.#schema)] } },
    ];
    const bytes = encodeThrift(whole.sort((a, b) => a.id - b.id));
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes.length);
    return Buffer.concat([bytes, length, MAGIC]);
  }

  /** What {@link restore} needs to go on with an interrupted file. */
  save(): string | null {
    return this.#footer && Buffer.from(this.finish()).toString('base64');
  }

  /** Goes on where {@link save} was called. */
  static restore(saved: string, schema: Uint8Array): ParquetParts {
    const bytes = Buffer.from(saved, 'base64');
    const parts = new ParquetParts(schema);
    const footer = decodeThrift(bytes.subarray(0, bytes.length - TAIL_BYTES));
    parts.#footer = footer;
    parts.#groups = listOf(footer, FILE.rowGroups).items;
    parts.#rows = valueOf(footer, FILE.numRows) as bigint;
    return parts;
  }
}

function schemaEntry(schema: Uint8Array): ThriftStruct {
  const text = (id: number, value: string) => ({ id, type: BINARY, value: Buffer.from(value) });
  return [text(KEY_VALUE.key, ARROW_SCHEMA), text(KEY_VALUE.value, Buffer.from(schema).toString('base64'))];
}

/** Offset indexes hold places of pages and change their length when those move: they go to the end anew. */
class MovedIndexes {
  readonly encoded: Uint8Array[] = [];
  readonly shift: bigint;
  readonly #part: Uint8Array;
  #position: number;

  constructor(part: Uint8Array, shift: bigint, position: number) {
    this.#part = part;
    this.shift = shift;
    this.#position = position;
  }

  /** Moves the offset index of a column chunk, if it has one. */
  move(chunk: ThriftStruct): void {
    const offset = chunk.find(({ id }) => id === CHUNK.offsetIndexOffset);
    const length = chunk.find(({ id }) => id === CHUNK.offsetIndexLength);
    if (!offset || !length) return;
    const start = Number(offset.value);
    const index = decodeThrift(this.#part.subarray(start, start + Number(length.value)));
    for (const page of listOf(index, OFFSET_INDEX.pages).items) {
      move(page as ThriftStruct, PAGE_LOCATION.offset, this.shift);
    }
    const encoded = encodeThrift(index);
    this.encoded.push(encoded);
    offset.value = BigInt(this.#position);
    length.value = BigInt(encoded.length);
    this.#position += encoded.length;
  }
}

function moveGroup(group: ThriftStruct, indexes: MovedIndexes): void {
  const { shift } = indexes;
  move(group, GROUP.fileOffset, shift);
  // Ordinals count within a file; they are optional, and left out they say nothing wrong.
  const ordinal = group.findIndex((field) => field.id === GROUP.ordinal);
  if (ordinal >= 0) group.splice(ordinal, 1);
  for (const column of listOf(group, GROUP.columns).items) {
    const chunk = column as ThriftStruct;
    for (const id of [CHUNK.fileOffset, CHUNK.columnIndexOffset]) move(chunk, id, shift);
    indexes.move(chunk);
    const metadata = valueOf(chunk, CHUNK.metadata) as ThriftStruct;
    for (const id of Object.values(META)) move(metadata, id, shift);
  }
}

/** Adds to an offset, where there is one; 0 means that a writer left it unset. */
function move(struct: ThriftStruct, id: number, shift: bigint): void {
  const field = struct.find((one) => one.id === id && one.type === I64);
  if (field && field.value !== 0n) field.value = (field.value as bigint) + shift;
}

function valueOf(struct: ThriftStruct, id: number): ThriftValue | undefined {
  return struct.find((field) => field.id === id)?.value;
}

const listOf = (struct: ThriftStruct, id: number): ThriftList => valueOf(struct, id) as ThriftList;
