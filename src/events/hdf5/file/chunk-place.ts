// What chunks are and how they lie in their dataset: types only.

/** One chunk in the file. */
export interface ChunkPlace {
  readonly address: number;
  readonly sizeBytes: number;
  /** Bit i: filter i was left out for this chunk. */
  readonly mask: number;
}

/** What an index needs to know of its dataset. */
export interface ChunkGrid {
  /** Chunks in each dimension. */
  readonly counts: readonly number[];
  /** Elements of a chunk in each dimension. */
  readonly chunk: readonly number[];
  readonly chunkBytes: number;
  readonly isFiltered: boolean;
}
