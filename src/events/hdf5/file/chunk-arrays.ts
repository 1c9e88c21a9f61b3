// The indexes of newer files. A fixed array has as many entries as there are chunks; an extensible array grows in one
// dimension: its first entries stand in an index block, the next ones in data blocks that the index block names, all
// others in data blocks named by secondary blocks. Data blocks grow: secondary block s has 2^(s/2) of them, each of
// 2^((s+1)/2) × the smallest size. Blocks with many entries are cut into pages with a checksum each.
//
//   "FAHD"  4 signature, 1 version, 1 client (1: filtered), 1 bytes of an entry, 1 bits of a page, entries, data block, 4 checksum
//   "FADB"  4 signature, 1 version, 1 client, header, (pages) a bit for each page and 4 checksum, entries
//   "EAHD"  4 signature, 1 version, 1 client, 1 bytes of an entry, 1 bits of the highest number, 1 entries of the index block,
//           1 entries of the smallest data block, 1 data blocks of the smallest secondary block, 1 bits of a page,
//           6 lengths of which the fifth is the number of entries, index block, 4 checksum
//   "EAIB"  4 signature, 1 version, 1 client, header, entries, data blocks, secondary blocks, 4 checksum
//   "EASB"  4 signature, 1 version, 1 client, header, number of its first entry, (pages) bits, data blocks, 4 checksum
//   "EADB"  4 signature, 1 version, 1 client, header, number of its first entry, entries (pages: 4 checksum first)
import { Hdf5Cursor } from './cursor.ts';
import type { Hdf5Bytes } from './cursor.ts';
import type { ChunkGrid, ChunkPlace } from './chunk-place.ts';

const CHECKSUM_BYTES = 4;

/** Reads entries of a width into a list, by their number. */
class EntryReader {
  readonly entryBytes: number;
  readonly #list: Map<number, ChunkPlace>;
  readonly #grid: ChunkGrid;
  readonly #count: number;
  readonly #isFiltered: boolean;
  readonly #offsetBytes: number;

  constructor(head: Hdf5Cursor, list: Map<number, ChunkPlace>, grid: ChunkGrid) {
    const client = head.u8();
    if (client > 1) head.fail(`entries of client ${client} are no chunks`);
    this.#isFiltered = client === 1;
    this.entryBytes = head.u8();
    this.#offsetBytes = head.file.offsetBytes;
    const sizeBytes = this.entryBytes - this.#offsetBytes - 4;
    const isWide = this.#isFiltered
      ? sizeBytes >= 1 && sizeBytes <= 8
      : this.entryBytes === this.#offsetBytes;
    if (!isWide) head.fail(`entries of ${this.entryBytes} bytes`);
    this.#list = list;
    this.#grid = grid;
    this.#count = grid.counts.reduce((product, count) => product * count, 1);
  }

  /** Reads `count` entries, the first of which has a number. */
  read(cursor: Hdf5Cursor, first: number, count: number): void {
    for (let i = 0; i < count; i++) {
      const address = cursor.address();
      const sizeBytes = this.#isFiltered
        ? cursor.uint(this.entryBytes - this.#offsetBytes - 4)
        : this.#grid.chunkBytes;
      const mask = this.#isFiltered ? cursor.u32() : 0;
      if (address !== null && first + i < this.#count)
        this.#list.set(first + i, { address, sizeBytes, mask });
    }
  }

  /** The same behind a block's head, in pages where there are more than fit one. A page that is not there has no bit. */
  readBlock(
    file: Hdf5Bytes,
    at: number,
    range: { first: number; count: number; pageEntries: number },
    isThere: (page: number) => boolean,
  ): void {
    const { first, count, pageEntries } = range;
    if (count <= pageEntries) {
      this.read(Hdf5Cursor.open(file, at, count * this.entryBytes), first, count);
      return;
    }
    const pageBytes = pageEntries * this.entryBytes + CHECKSUM_BYTES;
    for (let page = 0; page * pageEntries < count; page++) {
      const entries = Math.min(pageEntries, count - page * pageEntries);
      if (!isThere(page)) continue;
      const place = at + page * pageBytes;
      this.read(Hdf5Cursor.open(file, place, entries * this.entryBytes), first + page * pageEntries, entries);
    }
  }
}

/** Bits of a bitmap, highest first. */
const hasBit = (bytes: Uint8Array, bit: number): boolean =>
  ((bytes[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0;

/** More entries than a file of this size can have are damage: nothing is allocated for them. */
function checkCount(head: Hdf5Cursor, count: number, entryBytes: number): void {
  if (count * entryBytes > 2 * head.file.source.sizeBytes)
    head.fail(`a list of ${count} chunks is larger than the file`);
}

/** Adds the chunks of a fixed array. */
export function readFixedArray(
  file: Hdf5Bytes,
  address: number,
  grid: ChunkGrid,
  list: Map<number, ChunkPlace>,
): void {
  const { offsetBytes, lengthBytes } = file;
  const head = Hdf5Cursor.open(file, address, 8 + lengthBytes + offsetBytes);
  head.expect('FAHD');
  head.skip(1);
  const entries = new EntryReader(head, list, grid);
  const pageEntries = 2 ** head.u8();
  const count = head.length();
  checkCount(head, count, entries.entryBytes);
  const data = head.address();
  if (data === null) return;
  const blockHeadBytes = 6 + offsetBytes;
  Hdf5Cursor.open(file, data, blockHeadBytes).expect('FADB');
  if (count <= pageEntries) {
    entries.readBlock(file, data + blockHeadBytes, { first: 0, count, pageEntries }, () => true);
    return;
  }
  const bitmapBytes = Math.ceil(Math.ceil(count / pageEntries) / 8);
  const bitmap = Hdf5Cursor.open(file, data + blockHeadBytes, bitmapBytes).bytes.slice();
  const pages = data + blockHeadBytes + bitmapBytes + CHECKSUM_BYTES;
  entries.readBlock(file, pages, { first: 0, count, pageEntries }, (page) => hasBit(bitmap, page));
}

/** Adds the chunks of an extensible array. */
export function readExtensibleArray(
  file: Hdf5Bytes,
  address: number,
  grid: ChunkGrid,
  list: Map<number, ChunkPlace>,
): void {
  new ExtensibleArray(file, address, grid, list).read();
}

class ExtensibleArray {
  readonly #file: Hdf5Bytes;
  readonly #entries: EntryReader;
  readonly #numberBytes: number;
  readonly #indexEntries: number;
  readonly #smallest: number;
  readonly #smallestPointers: number;
  readonly #pageEntries: number;
  readonly #count: number;
  readonly #indexBlock: number | null;
  readonly #secondaryCount: number;

  constructor(file: Hdf5Bytes, address: number, grid: ChunkGrid, list: Map<number, ChunkPlace>) {
    this.#file = file;
    const head = Hdf5Cursor.open(file, address, 12 + 6 * file.lengthBytes + file.offsetBytes);
    head.expect('EAHD');
    head.skip(1);
    this.#entries = new EntryReader(head, list, grid);
    const bits = head.u8();
    this.#numberBytes = Math.ceil(bits / 8);
    this.#indexEntries = head.u8();
    this.#smallest = head.u8();
    this.#smallestPointers = head.u8();
    this.#pageEntries = 2 ** head.u8();
    if (bits > 64 || !isPowerOfTwo(this.#smallest) || !isPowerOfTwo(this.#smallestPointers)) {
      head.fail('an array with sizes that are not possible', 7);
    }
    this.#secondaryCount = 1 + bits - Math.log2(this.#smallest);
    for (let i = 0; i < 4; i++) head.length();
    this.#count = head.length();
    head.length();
    checkCount(head, this.#count, this.#entries.entryBytes);
    this.#indexBlock = head.address();
  }

  /** Data blocks of a secondary block, and entries of each. */
  #shapeOf(secondary: number): { blocks: number; entries: number } {
    return {
      blocks: 2 ** Math.floor(secondary / 2),
      entries: this.#smallest * 2 ** Math.floor((secondary + 1) / 2),
    };
  }

  read(): void {
    if (this.#indexBlock === null) return;
    // The first few secondary blocks have none: the index block names their data blocks itself.
    const direct = 2 * Math.log2(this.#smallestPointers);
    const dataBlocks = 2 * (this.#smallestPointers - 1);
    const secondaryBlocks = Math.max(0, this.#secondaryCount - direct);
    const { offsetBytes } = this.#file;
    const bytes =
      this.#indexEntries * this.#entries.entryBytes + (dataBlocks + secondaryBlocks) * offsetBytes;
    const index = Hdf5Cursor.open(this.#file, this.#indexBlock, 6 + offsetBytes + bytes);
    index.expect('EAIB');
    index.skip(2 + offsetBytes);
    this.#entries.read(index, 0, this.#indexEntries);
    let first = this.#indexEntries;
    for (let secondary = 0; secondary < direct; secondary++) {
      first = this.#readDataBlocks(index, this.#shapeOf(secondary), first, null);
    }
    for (let secondary = direct; secondary < this.#secondaryCount; secondary++) {
      if (first >= this.#count) return;
      first = this.#readSecondary(index.address(), this.#shapeOf(secondary), first);
    }
  }

  #readSecondary(address: number | null, shape: { blocks: number; entries: number }, first: number): number {
    const end = first + shape.blocks * shape.entries;
    if (address === null) return end;
    const { offsetBytes } = this.#file;
    const isPaged = shape.entries > this.#pageEntries;
    const bitmapBytes = isPaged ? Math.ceil(shape.entries / this.#pageEntries / 8) : 0;
    const bytes = 6 + offsetBytes + this.#numberBytes + shape.blocks * (bitmapBytes + offsetBytes);
    const block = Hdf5Cursor.open(this.#file, address, bytes);
    block.expect('EASB');
    block.skip(2 + offsetBytes + this.#numberBytes);
    const bitmaps = isPaged
      ? Array.from({ length: shape.blocks }, () => block.take(bitmapBytes).slice())
      : null;
    this.#readDataBlocks(block, shape, first, bitmaps);
    return end;
  }

  /** Reads the data blocks whose addresses come next. @returns the number behind their last entry */
  #readDataBlocks(
    addresses: Hdf5Cursor,
    { blocks, entries }: { blocks: number; entries: number },
    first: number,
    bitmaps: readonly Uint8Array[] | null,
  ): number {
    for (let i = 0; i < blocks; i++, first += entries) {
      const address = addresses.address();
      if (address === null || first >= this.#count) continue;
      const headBytes = 6 + this.#file.offsetBytes + this.#numberBytes;
      Hdf5Cursor.open(this.#file, address, headBytes).expect('EADB');
      const isPaged = entries > this.#pageEntries;
      const at = address + headBytes + (isPaged ? CHECKSUM_BYTES : 0);
      const range = { first, count: entries, pageEntries: this.#pageEntries };
      this.#entries.readBlock(this.#file, at, range, (page) => !bitmaps || hasBit(bitmaps[i]!, page));
    }
    return first;
  }
}

const isPowerOfTwo = (value: number): boolean => value > 0 && Number.isInteger(Math.log2(value));
