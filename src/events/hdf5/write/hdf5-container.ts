// Writes HDF5 files of version 0, which every libhdf5 reads: chunks first, as they come, then what lists them, then headers
// and groups; the superblock in front is written last. The maps of these bytes are beside their readers in ../file.
import { ByteBuilder, NOWHERE } from './byte-builder.ts';
import { encodeChunkTree } from './encode-chunk-tree.ts';
import type { WrittenChunk } from './encode-chunk-tree.ts';
import { textType } from './encode-types.ts';
import type { WrittenType } from './encode-types.ts';

/** What a file is written to. */
export interface Hdf5Output {
  /** Writes bytes at a place. */
  writeAt(bytes: Uint8Array, offset: number): Promise<void>;
}

/** A filter as a dataset's header names it. */
export interface WrittenFilter {
  readonly id: number;
  readonly isOptional: boolean;
  readonly name: string;
  readonly parameters: readonly number[];
}

/** What a dataset is written as. */
export interface DatasetPlan {
  readonly type: WrittenType;
  /** Elements of a row. @default 1, and one dimension */
  readonly columns?: number | undefined;
  readonly chunkRows: number;
  readonly filters?: readonly WrittenFilter[] | undefined;
}

/** Texts that stand beside a group or a dataset. */
export type WrittenAttributes = Readonly<Record<string, string>>;

const SUPERBLOCK_BYTES = 96;
const messages = { dataspace: 1, datatype: 3, fill: 5, layout: 8, filters: 11, attribute: 12, symbols: 17 };

/** A dataset that grows by chunks. */
export class ChunkedDataset {
  readonly plan: DatasetPlan;
  readonly chunks: WrittenChunk[] = [];
  /** Rows that count; the last chunk may have more. */
  rows = 0;
  readonly #container: Hdf5Container;

  constructor(container: Hdf5Container, plan: DatasetPlan) {
    this.#container = container;
    this.plan = plan;
  }

  /** Appends a chunk as its filters left it. */
  async add(bytes: Uint8Array, rows: number): Promise<void> {
    const address = this.#container.allocate(bytes.length);
    this.chunks.push({ address, sizeBytes: bytes.length, mask: 0 });
    this.rows += rows;
    await this.#container.output.writeAt(bytes, address);
  }
}

/** A group of the file: datasets, values and groups by their names. */
export interface GroupPlan {
  readonly [name: string]: Member;
}

/** What a name stands for. */
export type Member =
  | { readonly dataset: ChunkedDataset; readonly attributes?: WrittenAttributes | undefined }
  | { readonly values: Uint8Array; readonly type: WrittenType; readonly length: number | null }
  | { readonly group: GroupPlan };

/** A file in the making. */
export class Hdf5Container {
  readonly output: Hdf5Output;
  #end = SUPERBLOCK_BYTES;
  /** Texts of attributes, all in one heap. */
  readonly #texts = new ByteBuilder();
  #textCount = 0;
  #heapAddress = 0;

  constructor(output: Hdf5Output) {
    this.output = output;
  }

  /** Takes room at the end of the file. */
  allocate(size: number): number {
    const address = this.#end;
    // Headers have to begin at multiples of 8.
    this.#end += Math.ceil(size / 8) * 8;
    return address;
  }

  async #append(bytes: Uint8Array): Promise<number> {
    const address = this.allocate(bytes.length);
    await this.output.writeAt(bytes, address);
    return address;
  }

  /** Writes everything but the chunks. */
  async finish(root: GroupPlan, attributes: WrittenAttributes): Promise<void> {
    const texts = [attributes, ...attributesIn(root)].flatMap((each) => Object.values(each));
    this.#heapAddress = this.allocate(heapBytes(texts));
    const header = await this.#writeGroup(root, attributes);
    await this.output.writeAt(this.#encodeHeap(heapBytes(texts)), this.#heapAddress);
    await this.output.writeAt(this.#encodeSuperblock(header), 0);
  }

  #encodeSuperblock(root: number): Uint8Array {
    const builder = new ByteBuilder().raw(Buffer.from('894844460d0a1a0a', 'hex'));
    builder.u8(0, 0, 0, 0, 0, 8, 8, 0).u16(4).u16(16).u32(0);
    builder.u64(0).u64(NOWHERE).u64(this.#end).u64(NOWHERE);
    return builder.u64(0).u64(root).upTo(SUPERBLOCK_BYTES).bytes;
  }

  async #writeGroup(members: GroupPlan, attributes: WrittenAttributes): Promise<number> {
    // Names are sought by halving.
    const names = Object.keys(members).sort();
    const heap = new ByteBuilder().zeros(8);
    const symbols = new ByteBuilder().raw(Buffer.from('SNOD')).u8(1, 0).u16(names.length);
    let lastName = 0;
    for (const name of names) {
      const address = await this.#writeMember(members[name]!);
      lastName = heap.length;
      symbols.u64(heap.length).u64(address).zeros(24);
      heap.name(name);
    }
    const namesAddress = await this.#append(heap.bytes);
    // 1: none of its bytes are free.
    const heapHead = new ByteBuilder()
      .raw(Buffer.from('HEAP'))
      .u32(0)
      .u64(heap.length)
      .u64(1)
      .u64(namesAddress);
    const heapAddress = await this.#append(heapHead.bytes);
    const node = await this.#append(symbols.upTo(8 + 8 * 40).bytes);
    const tree = new ByteBuilder()
      .raw(Buffer.from('TREE'))
      .u8(0, 0)
      .u16(names.length > 0 ? 1 : 0);
    tree
      .u64(NOWHERE)
      .u64(NOWHERE)
      .u64(0)
      .u64(node)
      .u64(lastName)
      .upTo(24 + 33 * 8 + 32 * 8);
    const treeAddress = await this.#append(tree.bytes);
    const table = new ByteBuilder().u64(treeAddress).u64(heapAddress).bytes;
    return this.#append(
      encodeHeader([{ type: messages.symbols, body: table }, ...this.#attributeMessages(attributes)]),
    );
  }

  async #writeMember(member: Member): Promise<number> {
    if ('group' in member) return this.#writeGroup(member.group, {});
    if ('dataset' in member) return this.#writeDataset(member.dataset, member.attributes ?? {});
    const address = member.values.length === 0 ? NOWHERE : await this.#append(member.values);
    const layout = new ByteBuilder().u8(3, 1).u64(address).u64(member.values.length).bytes;
    const dimensions = member.length === null ? [] : [member.length];
    return this.#append(
      encodeHeader([
        { type: messages.dataspace, body: encodeDataspace(dimensions, false) },
        { type: messages.datatype, body: member.type.bytes },
        { type: messages.fill, body: encodeFill(1) },
        { type: messages.layout, body: layout },
      ]),
    );
  }

  async #writeDataset(
    { plan, chunks, rows }: ChunkedDataset,
    attributes: WrittenAttributes,
  ): Promise<number> {
    const { columns, type, chunkRows, filters = [] } = plan;
    const dimensions = columns === undefined ? [rows] : [rows, columns];
    const chunk = columns === undefined ? [chunkRows] : [chunkRows, columns];
    const tree = encodeChunkTree(chunks, chunk, (size) => this.allocate(size));
    for (const node of tree.nodes) await this.output.writeAt(node.bytes, node.address);
    const layout = new ByteBuilder().u8(3, 2, chunk.length + 1).u64(tree.root ?? NOWHERE);
    for (const length of [...chunk, type.sizeBytes]) layout.u32(length);
    return this.#append(
      encodeHeader([
        { type: messages.dataspace, body: encodeDataspace(dimensions, true) },
        { type: messages.datatype, body: type.bytes },
        { type: messages.fill, body: encodeFill(3) },
        { type: messages.layout, body: layout.bytes },
        ...(filters.length > 0 ? [{ type: messages.filters, body: encodeFilters(filters) }] : []),
        ...this.#attributeMessages(attributes),
      ]),
    );
  }

  #attributeMessages(attributes: WrittenAttributes): { type: number; body: Uint8Array }[] {
    return Object.entries(attributes).map(([name, value]) => {
      const body = new ByteBuilder().u8(1, 0).u16(Buffer.byteLength(name) + 1);
      const space = encodeDataspace([], false);
      body.u16(textType.bytes.length).u16(space.length).name(name);
      body.raw(textType.bytes).pad(8).raw(space).pad(8);
      const text = Buffer.from(value);
      body.u32(text.length).u64(this.#heapAddress).u32(this.#addText(text));
      return { type: messages.attribute, body: body.bytes };
    });
  }

  #addText(text: Uint8Array): number {
    const index = ++this.#textCount;
    this.#texts.u16(index).u16(0).u32(0).u64(text.length).raw(text).pad(8);
    return index;
  }

  /** A heap that ends with what is free of it. */
  #encodeHeap(size: number): Uint8Array {
    const heap = new ByteBuilder().raw(Buffer.from('GCOL')).u8(1, 0, 0, 0).u64(size).raw(this.#texts.bytes);
    const free = size - heap.length;
    return heap.u16(0).u16(0).u32(0).u64(free).upTo(size).bytes;
  }
}

/** Bytes of a heap of texts: libhdf5 wants 4096 at least, and room for an object that says what is free. */
function heapBytes(texts: readonly string[]): number {
  const used = texts.reduce((sum, text) => sum + 16 + Math.ceil(Buffer.byteLength(text) / 8) * 8, 32);
  return Math.max(4096, used);
}

function attributesIn(group: GroupPlan): WrittenAttributes[] {
  return Object.values(group).flatMap((member) => {
    if ('group' in member) return attributesIn(member.group);
    return 'dataset' in member && member.attributes ? [member.attributes] : [];
  });
}

function encodeHeader(list: readonly { readonly type: number; readonly body: Uint8Array }[]): Uint8Array {
  const body = new ByteBuilder();
  for (const message of list) {
    const padded = new ByteBuilder().raw(message.body).pad(8);
    body.u16(message.type).u16(padded.length).u8(0, 0, 0, 0).raw(padded.bytes);
  }
  return new ByteBuilder().u8(1, 0).u16(list.length).u32(1).u32(body.length).u32(0).raw(body.bytes).bytes;
}

/** @param canGrow the first dimension has no end */
function encodeDataspace(dimensions: readonly number[], canGrow: boolean): Uint8Array {
  const builder = new ByteBuilder().u8(1, dimensions.length, canGrow ? 1 : 0).zeros(5);
  for (const length of dimensions) builder.u64(length);
  if (canGrow) for (const [i, length] of dimensions.entries()) builder.u64(i === 0 ? NOWHERE : length);
  return builder.bytes;
}

/** No value of its own; 1 allocated early, 3 as it grows. */
const encodeFill = (allocation: 1 | 3): Uint8Array => new ByteBuilder().u8(2, allocation, 2, 1).u32(0).bytes;

function encodeFilters(filters: readonly WrittenFilter[]): Uint8Array {
  const builder = new ByteBuilder().u8(1, filters.length).zeros(6);
  for (const { id, isOptional, name, parameters } of filters) {
    const padded = name === '' ? new Uint8Array(0) : new ByteBuilder().name(name).bytes;
    builder
      .u16(id)
      .u16(padded.length)
      .u16(isOptional ? 1 : 0)
      .u16(parameters.length)
      .raw(padded);
    for (const value of parameters) builder.u32(value);
    if (parameters.length % 2 === 1) builder.u32(0);
  }
  return builder.bytes;
}
