// Memory that the kernel shares with Python: the product's own implementation, by its published name, loaded when the
// first Python starts. What cells replaced is put back while it runs.
import { requireDoor } from '../importer.ts';
import { withOriginals } from '../primordials.ts';

/** What the kernel uses of `ruvector-memopt/shared-memory`. */
interface Door {
  readonly MEMORY_FOLDER: string;
  readonly SEGMENT_MIN_BYTES: number;
  /** Null without koffi or glibc. */
  readonly loadMemoryMap: () => object | null;
  readonly createSegmentPool: (directory: string, memory: object) => Pool;
  readonly createMappedTaker: (memory: object) => Taker;
  readonly createSharedBlock: (memory: object, sizeBytes: number) => Block | null;
}

interface Pool {
  fill(parts: readonly Uint8Array[], sizeBytes: number): string | null;
  remove(): void;
}

interface Taker {
  takeSegment(path: string, sizeBytes: number): ArrayBuffer;
  takeFile(path: string, sizeBytes: number): ArrayBuffer;
}

interface Block {
  readonly buffer: ArrayBuffer;
  readonly path: string;
  readonly mappedBytes: number;
}

let door: Door | undefined;

/** Runs what uses shared memory. */
export function useSharedMemory<T>(use: (door: Door) => T): T {
  return withOriginals(() => use((door ??= requireDoor('shared-memory') as Door)));
}
