// Typed arrays in memory that Python maps too: passing one copies nothing, and what either side writes, both
// see. Linux with koffi; other arrays are copied when they cross.
import { randomUUID } from 'node:crypto';
import { closeSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { loadMemoryMap } from './memory-map.ts';
import type { MappedRange, MemoryMap } from './memory-map.ts';
import { Error, FinalizationRegistry, Math, WeakMap, process } from '../primordials.ts';

const MEMORY_FOLDER = '/dev/shm';
const PAGE_BYTES = 4096;

/** Where another process of this user finds the memory of a shared array. */
export interface SharedPlace {
  /** A file to map. */
  readonly shared: string;
  readonly mappedBytes: number;
  readonly offset: number;
  readonly bytes: number;
}

type ArrayType<T> = { new (buffer: ArrayBuffer, offset: number, length: number): T } & {
  readonly BYTES_PER_ELEMENT: number;
};

const places = new WeakMap<ArrayBufferLike, { shared: string; mappedBytes: number }>();
const gone = new FinalizationRegistry<{ fd: number; address: bigint; sizeBytes: number; memory: MemoryMap }>(
  ({ fd, address, sizeBytes, memory }) => {
    memory.unmap({ address, sizeBytes });
    closeSync(fd);
  },
);

/**
 * Creates a typed array of zeros whose memory Python shares: `%%python -i` copies nothing of it, and changes of
 * either side are seen by both.
 * @param type such as Float32Array @param length number of elements
 * @throws Error where there is no shared memory, or too little of it
 */
export function sharedArray<T extends NodeJS.TypedArray>(type: ArrayType<T>, length: number): T {
  const memory = loadMemoryMap();
  const bytes = length * type.BYTES_PER_ELEMENT;
  const block = memory && createBlock(memory, Math.max(1, Math.ceil(bytes / PAGE_BYTES)) * PAGE_BYTES);
  if (!block) {
    throw new Error(
      `Cannot create a shared array of ${bytes} bytes: ${memory ? `"${MEMORY_FOLDER}" has no room for it` : 'this system has no shared memory, or koffi is not installed'}; use new ${type.name}(…), which is copied when it crosses`,
    );
  }
  return new type(block.buffer, 0, length);
}

function createBlock(memory: MemoryMap, sizeBytes: number): MappedRange | null {
  const path = join(MEMORY_FOLDER, `ruvector-${randomUUID()}`);
  const fd = openOrNull(path);
  if (fd === null) return null;
  // Without a name the memory goes with the last process that has it, however that ends.
  rmSync(path);
  const mapping = memory.allocate(fd, sizeBytes) ? memory.mapShared(fd, sizeBytes) : null;
  if (!mapping) {
    closeSync(fd);
    return null;
  }
  places.set(mapping.buffer, { shared: `/proc/${process.pid}/fd/${fd}`, mappedBytes: sizeBytes });
  gone.register(mapping.buffer, { fd, address: mapping.address, sizeBytes, memory });
  return mapping;
}

function openOrNull(path: string): number | null {
  try {
    return openSync(path, 'wx+', 0o600);
  } catch {
    return null;
  }
}

/** Where an array lies; null for one of ordinary memory. */
export function findSharedPlace({ buffer, byteOffset, byteLength }: ArrayBufferView): SharedPlace | null {
  const place = places.get(buffer);
  return place ? { ...place, offset: byteOffset, bytes: byteLength } : null;
}
