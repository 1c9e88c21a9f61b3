// Bytes that two processes share: files in a folder of their own in memory (/dev/shm), written by one side
// and mapped by the other, who removes them. Where there is no such folder, files in the temporary folder.
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { markAsUntransferable } from 'node:worker_threads';

/** Where shared files lie. */
export interface SharedFiles {
  readonly directory: string;
  /** Writes a new file; resolves to its path. */
  write(parts: Iterable<Uint8Array>): string;
  /** The file's bytes, private to this process; the file is gone afterwards, its memory once unreachable. */
  take(path: string, sizeBytes: number): ArrayBuffer;
  remove(): void;
}

export function createSharedFiles(): SharedFiles {
  const parent = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
  const directory = mkdtempSync(join(parent, 'ruvector-notebook-'));
  const mapFile = loadMapFile();
  let count = 0;
  return {
    directory,
    write: (parts) => {
      const path = join(directory, `t${count++}`);
      const fd = openSync(path, 'wx', 0o600);
      try {
        for (const part of parts) writeWhole(fd, part);
      } finally {
        closeSync(fd);
      }
      return path;
    },
    take: (path, sizeBytes) => {
      try {
        if (sizeBytes === 0) return new ArrayBuffer(0);
        return mapFile?.(path, sizeBytes) ?? copyOf(readFileSync(path));
      } finally {
        rmSync(path, { force: true });
      }
    },
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

function writeWhole(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.byteLength;) at += writeSync(fd, bytes, at, bytes.byteLength - at);
}

/** A file's bytes as a buffer of their own: Node may hand out a part of its pool. */
function copyOf({ buffer, byteOffset, byteLength }: Buffer): ArrayBuffer {
  if (byteOffset === 0 && byteLength === buffer.byteLength) return buffer as ArrayBuffer;
  return buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer;
}

type MapFile = (path: string, sizeBytes: number) => ArrayBuffer | null;

interface Koffi {
  load(library: string): { func(prototype: string): (...values: unknown[]) => unknown };
  view(pointer: unknown, sizeBytes: number): ArrayBuffer;
  address(pointer: unknown): bigint;
}

const PROT_READ_WRITE = 3;
const MAP_PRIVATE = 2;
/** What mmap answers when it fails. */
const MAP_FAILED = 0xffff_ffff_ffff_ffffn;

/** mmap through koffi; null where koffi or a libc of Linux is missing. */
function loadMapFile(): MapFile | null {
  if (process.platform !== 'linux') return null;
  try {
    const koffi = createRequire(import.meta.url)('koffi') as Koffi;
    const libc = koffi.load('libc.so.6');
    const mmap = libc.func('void *mmap(void *, size_t, int, int, int, int64_t)');
    const munmap = libc.func('int munmap(uintptr_t, size_t)');
    const unmapped = new FinalizationRegistry<{ address: bigint; sizeBytes: number }>(
      ({ address, sizeBytes }) => void munmap(address, sizeBytes),
    );
    return (path, sizeBytes) => {
      const fd = openSync(path, 'r');
      const pointer = mmap(null, sizeBytes, PROT_READ_WRITE, MAP_PRIVATE, fd, 0);
      closeSync(fd);
      const address = pointer === null ? MAP_FAILED : koffi.address(pointer);
      if (address === MAP_FAILED) return null;
      const buffer = koffi.view(pointer, sizeBytes);
      // Another thread's copy would outlive the mapping.
      markAsUntransferable(buffer);
      unmapped.register(buffer, { address, sizeBytes });
      return buffer;
    };
  } catch {
    return null;
  }
}
