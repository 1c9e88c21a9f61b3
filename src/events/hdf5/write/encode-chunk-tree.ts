// The B-tree of chunks (its bytes are mapped in ../file/chunk-list.ts): nodes of up to 64 children, built from the leaves up.
import { ByteBuilder, NOWHERE } from './byte-builder.ts';

/** A chunk that was written. */
export interface WrittenChunk {
  readonly address: number;
  readonly sizeBytes: number;
  readonly mask: number;
}

/** Children of a node: twice the K of files that say none. */
const CHILDREN = 64;

interface Entry extends WrittenChunk {
  /** First row. */
  readonly row: number;
}

/** Nodes with their places; the root is null where there are no chunks. */
export interface ChunkTree {
  readonly root: number | null;
  readonly nodes: readonly { readonly address: number; readonly bytes: Uint8Array }[];
}

/** @param allocate takes room for a node and says where */
export function encodeChunkTree(
  chunks: readonly WrittenChunk[],
  chunk: readonly number[],
  allocate: (size: number) => number,
): ChunkTree {
  const nodes: { address: number; bytes: Uint8Array }[] = [];
  const endRow = chunks.length * chunk[0]!;
  let entries: Entry[] = chunks.map((each, i) => ({ ...each, row: i * chunk[0]! }));
  for (let level = 0; entries.length > 0; level++) {
    const above: Entry[] = [];
    const keyBytes = 16 + 8 * chunk.length;
    const nodeBytes = 24 + CHILDREN * 8 + (CHILDREN + 1) * keyBytes;
    const places = Array.from({ length: Math.ceil(entries.length / CHILDREN) }, () => allocate(nodeBytes));
    for (const [i, address] of places.entries()) {
      const children = entries.slice(i * CHILDREN, (i + 1) * CHILDREN);
      const builder = new ByteBuilder().raw(Buffer.from('TREE')).u8(1, level).u16(children.length);
      builder.u64(places[i - 1] ?? NOWHERE).u64(places[i + 1] ?? NOWHERE);
      for (const child of children) encodeKey(builder, child, chunk.length).u64(child.address);
      const next = entries[(i + 1) * CHILDREN] ?? { row: endRow, sizeBytes: 0, mask: 0 };
      encodeKey(builder, next, chunk.length).upTo(nodeBytes);
      nodes.push({ address, bytes: builder.bytes });
      above.push({ ...children[0]!, address });
    }
    if (places.length === 1) return { root: places[0]!, nodes };
    entries = above;
  }
  return { root: null, nodes };
}

function encodeKey(builder: ByteBuilder, key: Omit<Entry, 'address'>, rank: number): ByteBuilder {
  return builder
    .u32(key.sizeBytes)
    .u32(key.mask)
    .u64(key.row)
    .zeros(8 * rank);
}
