// Segments: files in memory whose pages stay mapped and are used again, because making new pages costs five
// times what copying into old ones does. A sender fills one and hands it out; the receiver maps it for itself
// alone and frees it once its last array is gone. The other side is python/src/ruvector/_shared_memory/segments.py.
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { MappedRange, MemoryMap } from './memory-map.ts';

/** The first page of a segment holds its state in one byte; values begin behind it, on a page of their own. */
const HEADER_BYTES = 4096;
/** Smaller values go as files of their own: a segment holds an open mapping. */
export const SEGMENT_MIN_BYTES = 1 << 20;
const FREE = 0;
const TAKEN = 1;
/** A segment this much larger than its value would waste memory. */
const MAX_WASTE = 4;
const PAGE_BYTES = 4096;
/** Free segments go when no value was sent for so long. */
const KEEP_FREE_MS = 30_000;

interface Segment {
  readonly path: string;
  readonly mapping: MappedRange;
  readonly bytes: Uint8Array;
}

/** The segments that one side fills. */
export interface SegmentPool {
  /**
   * Copies parts into a free segment, which the receiver then frees.
   * @returns its path; null when there is no room for a new one
   */
  fill(parts: readonly Uint8Array[], sizeBytes: number): string | null;
  /** Removes every segment; what receivers have mapped stays theirs. */
  remove(): void;
}

/** Opens a pool of segments in a folder in memory. */
export function createSegmentPool(directory: string, memory: MemoryMap): SegmentPool {
  const segments = new Set<Segment>();
  let count = 0;
  let timer: NodeJS.Timeout | undefined;
  const drop = (segment: Segment): void => {
    segments.delete(segment);
    rmSync(segment.path, { force: true });
    memory.unmap(segment.mapping);
  };
  const isFree = ({ bytes }: Segment): boolean => bytes[0] === FREE;
  const dropFree = (): void => [...segments].filter(isFree).forEach(drop);
  const fits = (segment: Segment, sizeBytes: number): boolean => {
    const capacityBytes = segment.bytes.byteLength - HEADER_BYTES;
    return isFree(segment) && capacityBytes >= sizeBytes && capacityBytes <= sizeBytes * MAX_WASTE;
  };
  const create = (sizeBytes: number): Segment | null => {
    const path = join(directory, `t${count++}.segment`);
    const wholeBytes = HEADER_BYTES + Math.ceil(sizeBytes / PAGE_BYTES) * PAGE_BYTES;
    const mapping = createMapped(path, wholeBytes, memory);
    if (!mapping) return null;
    const segment = { path, mapping, bytes: new Uint8Array(mapping.buffer) };
    segments.add(segment);
    return segment;
  };
  return {
    fill: (parts, sizeBytes) => {
      clearTimeout(timer);
      timer = setTimeout(dropFree, KEEP_FREE_MS).unref();
      const kept = [...segments].find((segment) => fits(segment, sizeBytes));
      // Those too small would only pile up.
      if (!kept) dropFree();
      const segment = kept ?? create(sizeBytes);
      if (!segment) return null;
      let at = HEADER_BYTES;
      for (const part of parts) {
        segment.bytes.set(part, at);
        at += part.byteLength;
      }
      segment.bytes[0] = TAKEN;
      return segment.path;
    },
    remove: () => {
      clearTimeout(timer);
      [...segments].forEach(drop);
    },
  };
}

/** A new file in memory with all its pages, mapped. */
function createMapped(path: string, sizeBytes: number, memory: MemoryMap): MappedRange | null {
  const fd = openSync(path, 'wx+', 0o600);
  let mapping: MappedRange | null = null;
  try {
    // Writing to a page that memory has no room for would end the process.
    mapping = memory.allocate(fd, sizeBytes) ? memory.mapShared(fd, sizeBytes) : null;
    return mapping;
  } finally {
    closeSync(fd);
    if (!mapping) rmSync(path, { force: true });
  }
}

/** Maps values for this process alone, and lets go of them once their buffers are unreachable. */
export interface MappedTaker {
  /** The value in a segment, which is free afterwards. @throws Error when it cannot be mapped */
  takeSegment(path: string, sizeBytes: number): ArrayBuffer;
  /** A file, which is removed at once. @throws Error when it cannot be mapped */
  takeFile(path: string, sizeBytes: number): ArrayBuffer;
}

/** Creates a taker of mapped values. */
export function createMappedTaker(memory: MemoryMap): MappedTaker {
  const gone = new FinalizationRegistry<{ address: bigint; sizeBytes: number; segment?: string }>((held) => {
    memory.unmap(held);
    if (held.segment !== undefined) freeSegment(held.segment);
  });
  const take = (path: string, offset: number, sizeBytes: number, segment?: string): ArrayBuffer => {
    const fd = openSync(path, 'r');
    try {
      const mapping = memory.mapPrivate(fd, offset, sizeBytes);
      if (!mapping)
        throw new Error(`Cannot map "${path}": the system has no room for it; free memory and retry`);
      const { buffer, ...place } = mapping;
      gone.register(buffer, segment === undefined ? place : { ...place, segment });
      return buffer;
    } finally {
      closeSync(fd);
    }
  };
  return {
    takeSegment: (path, sizeBytes) => take(path, HEADER_BYTES, sizeBytes, path),
    takeFile: (path, sizeBytes) => {
      try {
        return take(path, 0, sizeBytes);
      } finally {
        rmSync(path, { force: true });
      }
    },
  };
}

function freeSegment(path: string): void {
  try {
    const fd = openSync(path, 'r+');
    writeSync(fd, Uint8Array.of(FREE), 0, 1, 0);
    closeSync(fd);
  } catch {
    // Its sender has gone and its folder with it.
  }
}
