// A block of memory that another process of this user maps too: what either side writes, both see. Its file has no name,
// so that the memory goes with the last process that has it, however that ends.
import { randomUUID } from 'node:crypto';
import { closeSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { MEMORY_FOLDER } from './memory-folder.ts';
import type { MemoryMap } from './memory-map.ts';

const PAGE_BYTES = 4096;

/** A block of zeros. */
export interface SharedBlock {
  /** Given back once it is unreachable. */
  readonly buffer: ArrayBuffer;
  /** A file to map, for a process of this user, while this one lives. */
  readonly path: string;
  readonly mappedBytes: number;
}

interface Held {
  readonly fd: number;
  readonly address: bigint;
  readonly sizeBytes: number;
  readonly memory: MemoryMap;
}

const gone = new FinalizationRegistry<Held>(({ fd, address, sizeBytes, memory }) => {
  memory.unmap({ address, sizeBytes });
  closeSync(fd);
});

/** Creates a block of at least `sizeBytes`; null when there is no room for it. */
export function createSharedBlock(memory: MemoryMap, sizeBytes: number): SharedBlock | null {
  const mappedBytes = Math.max(1, Math.ceil(sizeBytes / PAGE_BYTES)) * PAGE_BYTES;
  const path = join(MEMORY_FOLDER, `ruvector-${randomUUID()}`);
  const fd = openOrNull(path);
  if (fd === null) return null;
  rmSync(path);
  const mapping = memory.allocate(fd, mappedBytes) ? memory.mapShared(fd, mappedBytes) : null;
  if (!mapping) {
    closeSync(fd);
    return null;
  }
  const { buffer, address } = mapping;
  gone.register(buffer, { fd, address, sizeBytes: mappedBytes, memory });
  return { buffer, path: `/proc/${process.pid}/fd/${fd}`, mappedBytes };
}

function openOrNull(path: string): number | null {
  try {
    return openSync(path, 'wx+', 0o600);
  } catch {
    return null;
  }
}
