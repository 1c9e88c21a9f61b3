// Files in memory that one process makes and another opens once: private, of their final size from the start (a mapped
// file that shrinks ends whoever reads it), and named after their owner, so that what a crash left is found and removed.
import { randomUUID } from 'node:crypto';
import { readdirSync, rmSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { isAlive, readStartTicks } from '../core/plain/index.ts';
import type { MappedRange, MemoryMap } from './memory-map.ts';

/** Rings, and what clients hand over (handed-file.ts). */
const NAME = /^ruvector-(?:ring|handed)-(\d+)-(\d+)-[\da-f-]{36}$/;
const ZEROS_BYTES = 2 ** 20;

/** A file in memory and, with koffi, where it is mapped. */
export interface SharedFile {
  readonly path: string;
  readonly fd: number;
  readonly mapping: MappedRange | null;
  /** Takes the name away; those who have it open keep it. */
  readonly unlink: () => void;
  readonly close: () => void;
}

/**
 * Makes a file with all its pages.
 * @param memory null: it is not mapped, only written to
 * @throws Error when there is no room, or no right to make one
 */
export async function createMemoryFile(
  folder: string,
  sizeBytes: number,
  memory: MemoryMap | null,
): Promise<SharedFile> {
  const path = join(
    folder,
    `ruvector-ring-${process.pid}-${readStartTicks(process.pid) ?? 0}-${randomUUID()}`,
  );
  const handle = await open(path, 'wx+', 0o600);
  const unlink = (): void => rmSync(path, { force: true });
  try {
    const mapping = memory ? await memory.mapAllocated(handle.fd, sizeBytes) : await fill(handle, sizeBytes);
    if (memory && !mapping) throw new Error(`the system has no room for ${sizeBytes} bytes in "${folder}"`);
    return {
      path,
      fd: handle.fd,
      mapping,
      unlink,
      close: () => {
        unlink();
        void handle.close();
        // Whoever asked for a close may not wait for pages that nobody needs any more.
        if (mapping) void mapping.populated.finally(() => memory!.unmap(mapping));
      },
    };
  } catch (error) {
    unlink();
    await handle.close();
    throw error;
  }
}

/** Writing is how a file gets pages without mapping it; what is missing is an error here, not a signal later. */
async function fill(handle: FileHandle, sizeBytes: number): Promise<null> {
  const zeros = new Uint8Array(ZEROS_BYTES);
  for (let at = 0; at < sizeBytes;) {
    const { bytesWritten } = await handle.write(zeros, 0, Math.min(zeros.length, sizeBytes - at), at);
    at += bytesWritten;
  }
  return null;
}

/** Removes files whose owner is gone, as kill -9 leaves them. Resolves with how many. */
export function sweepMemoryFiles(folder: string): number {
  let swept = 0;
  for (const name of readNames(folder)) {
    const [, pid, startTicks] = NAME.exec(name) ?? [];
    if (pid === undefined || isOwnerAlive(Number(pid), Number(startTicks))) continue;
    try {
      if (statSync(join(folder, name)).uid !== process.getuid?.()) continue;
      rmSync(join(folder, name));
      swept++;
    } catch {
      // Somebody else was faster.
    }
  }
  return swept;
}

/** None in a folder that cannot be read. */
function readNames(folder: string): string[] {
  let names: string[] = [];
  try {
    names = readdirSync(folder);
  } catch {
    // Nothing of ours is there then.
  }
  return names;
}

/** Where the time of a start cannot be told, it is 0 in the name. */
function isOwnerAlive(pid: number, startTicks: number): boolean {
  if (!isAlive(pid)) return false;
  const now = readStartTicks(pid);
  return startTicks === 0 || now === null || now === startTicks;
}
