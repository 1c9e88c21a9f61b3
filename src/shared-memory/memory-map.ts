// Files as memory, through koffi: mapped for all who map them, or for this process alone. Linux with glibc
// only; elsewhere bytes go another way. https://man7.org/linux/man-pages/man2/mmap.2.html
import { createRequire } from 'node:module';

/** A range of a file in memory. */
export interface MappedRange {
  readonly buffer: ArrayBuffer;
  /** Gives the range back; the buffer must not be used after it. */
  readonly address: bigint;
  readonly sizeBytes: number;
}

/** A range whose pages are being made. */
export interface PopulatedRange extends MappedRange {
  /** Resolves when they are there; the range can be used before, more slowly, and must not be unmapped. */
  readonly populated: Promise<unknown>;
}

/** Maps open files. Sizes and offsets are whole pages or end the file. */
export interface MemoryMap {
  /** Gives a file pages of its own, so that none is missing later. False when there is no room for them. */
  allocate(fd: number, sizeBytes: number): boolean;
  /** Maps a file's begin: others see what is written. Null when it cannot be mapped. */
  mapShared(fd: number, sizeBytes: number): MappedRange | null;
  /** Both of them, but in a thread of their own: half a millisecond a MiB is too long for an event loop. */
  mapAllocated(fd: number, sizeBytes: number): Promise<PopulatedRange | null>;
  /** Maps a part of a file for this process: what is written here changes nothing elsewhere. */
  mapPrivate(fd: number, offset: number, sizeBytes: number): MappedRange | null;
  unmap(mapping: Pick<MappedRange, 'address' | 'sizeBytes'>): void;
}

interface ForeignFunction {
  (...values: unknown[]): unknown;
  async(...valuesAndCallback: unknown[]): void;
}

interface Koffi {
  load(library: string): { func(prototype: string): ForeignFunction };
  view(pointer: unknown, sizeBytes: number): ArrayBuffer;
  address(pointer: unknown): bigint;
}

const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;
const MAP_PRIVATE = 2;
/** Makes all page table entries at once: a fault a page costs more than copying the page. */
const MAP_POPULATE = 0x8000;
/** The same for a range that is mapped; since Linux 5.14. */
const MADV_POPULATE_WRITE = 23;
/** What mmap answers when it fails. */
const MAP_FAILED = 0xffff_ffff_ffff_ffffn;

/** Null where koffi or glibc is missing. */
export function loadMemoryMap(): MemoryMap | null {
  if (process.platform !== 'linux') return null;
  try {
    const koffi = createRequire(import.meta.url)('koffi') as Koffi;
    return buildMemoryMap(koffi, koffi.load('libc.so.6'));
  } catch {
    return null;
  }
}

function buildMemoryMap(koffi: Koffi, libc: ReturnType<Koffi['load']>): MemoryMap {
  const mmap = libc.func('void *mmap(void *, size_t, int, int, int, int64_t)');
  const munmap = libc.func('int munmap(uintptr_t, size_t)');
  const madvise = libc.func('int madvise(uintptr_t, size_t, int)');
  const fallocate = libc.func('int posix_fallocate(int, int64_t, int64_t)');
  const map = (fd: number, offset: number, sizeBytes: number, flags: number): MappedRange | null => {
    const pointer = mmap(null, sizeBytes, PROT_READ_WRITE, flags, fd, offset);
    const address = pointer === null ? MAP_FAILED : koffi.address(pointer);
    if (address === MAP_FAILED) return null;
    return { buffer: pinned(koffi.view(pointer, sizeBytes)), address, sizeBytes };
  };
  return {
    allocate: (fd, sizeBytes) => fallocate(fd, 0, sizeBytes) === 0,
    mapShared: (fd, sizeBytes) => map(fd, 0, sizeBytes, MAP_SHARED | MAP_POPULATE),
    mapAllocated: async (fd, sizeBytes) => {
      if ((await inThread(fallocate, fd, 0, sizeBytes)) !== 0) return null;
      const range = map(fd, 0, sizeBytes, MAP_SHARED);
      return (
        range && { ...range, populated: inThread(madvise, range.address, sizeBytes, MADV_POPULATE_WRITE) }
      );
    },
    mapPrivate: (fd, offset, sizeBytes) => map(fd, offset, sizeBytes, MAP_PRIVATE),
    unmap: ({ address, sizeBytes }) => void munmap(address, sizeBytes),
  };
}

function inThread(call: ForeignFunction, ...values: unknown[]): Promise<unknown> {
  return new Promise((resolve, reject) => {
    call.async(...values, (error: Error | null, value: unknown) => {
      if (error) reject(error);
      else resolve(value);
    });
  });
}

/**
 * Keeps memory with its buffer: what took it over would outlive the mapping and end the process. Messages to
 * other threads refuse such buffers themselves; markAsUntransferable would end the process at its exit.
 */
function pinned(buffer: ArrayBuffer): ArrayBuffer {
  const refuse = (): never => {
    throw new TypeError(
      'Cannot transfer an array that lies in memory shared with Python: it is mapped here; copy it with .slice()',
    );
  };
  return Object.defineProperties(buffer, {
    transfer: { value: refuse },
    transferToFixedLength: { value: refuse },
  });
}
