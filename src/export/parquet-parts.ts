// One Parquet file out of many small ones with the same schema: the pages are copied as they are, the
// footers become one with their offsets moved. https://github.com/apache/parquet-format
import { STRUCT, I64, decodeThrift, encodeThrift } from './thrift-compact.ts';
import type { ThriftList, ThriftStruct, ThriftValue } from './thrift-compact.ts';

const MAGIC = Buffer.from('PAR1');
/** Length of the footer (u32) and magic. */
const TAIL_BYTES = 8;

/** Field ids of parquet.thrift. */
const FILE = { numRows: 3, rowGroups: 4 } as const;
const GROUP = { columns: 1, fileOffset: 5, ordinal: 7 } as const;
const CHUNK = { fileOffset: 2, metadata: 3, offsetIndexOffset: 4, columnIndexOffset: 6 } as const;
const META = { dataPage: 9, indexPage: 10, dictionaryPage: 11, bloomFilter: 14 } as const;

/** Joins Parquet files in memory to one file that grows. */
export class ParquetParts {
  #footer: ThriftStruct | null = null;
  #groups: ThriftValue[] = [];
  #rows = 0n;

  /** First bytes of the file. */
  static readonly head: Uint8Array = MAGIC;

  /**
   * Takes the next part.
   * @param position where its pages will stand in the file
   * @returns its pages
   */
  add(part: Uint8Array, position: number): Uint8Array {
    const footerStart =
      part.length -
      TAIL_BYTES -
      Buffer.from(part.buffer, part.byteOffset).readUInt32LE(part.length - TAIL_BYTES);
    const footer = decodeThrift(part.subarray(footerStart, part.length - TAIL_BYTES));
    const shift = BigInt(position - MAGIC.length);
    for (const group of listOf(footer, FILE.rowGroups).items) {
      moveGroup(group as ThriftStruct, shift);
      this.#groups.push(group);
    }
    this.#rows += valueOf(footer, FILE.numRows) as bigint;
    this.#footer ??= footer;
    return part.subarray(MAGIC.length, footerStart);
  }

  /** Footer and end of the file. A file needs one part at least, which may have no rows. */
  finish(): Uint8Array {
    const footer = this.#footer!.map((field) => {
      if (field.id === FILE.numRows) return { ...field, value: this.#rows };
      if (field.id === FILE.rowGroups) return { ...field, value: { type: STRUCT, items: this.#groups } };
      return field;
    });
    const bytes = encodeThrift(footer);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes.length);
    return Buffer.concat([bytes, length, MAGIC]);
  }

  /** What {@link restore} needs to go on with an interrupted file. */
  save(): string | null {
    return this.#footer && Buffer.from(this.finish()).toString('base64');
  }

  /** Goes on where {@link save} was called. */
  static restore(saved: string): ParquetParts {
    const bytes = Buffer.from(saved, 'base64');
    const parts = new ParquetParts();
    const footer = decodeThrift(bytes.subarray(0, bytes.length - TAIL_BYTES));
    parts.#footer = footer;
    parts.#groups = listOf(footer, FILE.rowGroups).items;
    parts.#rows = valueOf(footer, FILE.numRows) as bigint;
    return parts;
  }
}

function moveGroup(group: ThriftStruct, shift: bigint): void {
  move(group, GROUP.fileOffset, shift);
  // Ordinals count within a file; they are optional, and left out they say nothing wrong.
  const ordinal = group.findIndex((field) => field.id === GROUP.ordinal);
  if (ordinal >= 0) group.splice(ordinal, 1);
  for (const column of listOf(group, GROUP.columns).items) {
    const chunk = column as ThriftStruct;
    for (const id of [CHUNK.fileOffset, CHUNK.offsetIndexOffset, CHUNK.columnIndexOffset])
      move(chunk, id, shift);
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
