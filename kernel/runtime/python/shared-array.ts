// Typed arrays in memory that Python maps too: passing one copies nothing, and what either side writes, both
// see. Linux with koffi; other arrays are copied when they cross.
import { useSharedMemory } from './shared-memory.ts';
import { Error, WeakMap } from '../primordials.ts';

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
/**
 * Creates a typed array of zeros whose memory Python shares: `%%python -i` copies nothing of it, and changes of
 * either side are seen by both.
 * @param type such as Float32Array @param length number of elements
 * @throws Error where there is no shared memory, or too little of it
 */
export function sharedArray<T extends NodeJS.TypedArray>(type: ArrayType<T>, length: number): T {
  const bytes = length * type.BYTES_PER_ELEMENT;
  const block = useSharedMemory(({ MEMORY_FOLDER, loadMemoryMap, createSharedBlock }) => {
    const memory = loadMemoryMap();
    const found = memory && createSharedBlock(memory, bytes);
    if (found) return found;
    throw new Error(
      `Cannot create a shared array of ${bytes} bytes: ${memory ? `"${MEMORY_FOLDER}" has no room for it` : 'this system has no shared memory, or koffi is not installed'}; use new ${type.name}(…), which is copied when it crosses`,
    );
  });
  places.set(block.buffer, { shared: block.path, mappedBytes: block.mappedBytes });
  return new type(block.buffer, 0, length);
}

/** Where an array lies; null for one of ordinary memory. */
export function findSharedPlace({ buffer, byteOffset, byteLength }: ArrayBufferView): SharedPlace | null {
  const place = places.get(buffer);
  return place ? { ...place, offset: byteOffset, bytes: byteLength } : null;
}
