// The bytes of an HDF5 file. Headers and indexes are small and read at once; what chunks hold is read asynchronously.
import { closeSync, openSync, read, readSync, fstatSync } from 'node:fs';
import { promisify } from 'node:util';
import { eventDataError } from '../../model/index.ts';

/** Where an HDF5 file's bytes come from. */
export interface ByteSource {
  readonly path: string;
  readonly sizeBytes: number;
  /** @throws RuvectorError `ERR_EVENTS_DATA` where the file ends before */
  readNow(offset: number, length: number): Uint8Array;
  /** @throws RuvectorError `ERR_EVENTS_DATA` where the file ends before */
  read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
  close(): void;
}

const readAsync = promisify(read);

/** Small reads come out of pages of this size. */
const PAGE_BYTES = 16384;
const MAX_PAGES = 64;

/** Opens a file. System errors pass. */
export function openByteSource(path: string): ByteSource {
  const descriptor = openSync(path, 'r');
  try {
    return new FileBytes(path, descriptor, fstatSync(descriptor).size);
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

/** Makes sure that a range lies in the file, before anything of its size is allocated. */
export function checkRange({ path, sizeBytes }: ByteSource, offset: number, length: number): void {
  const end = offset + length;
  if (Number.isSafeInteger(end) && offset >= 0 && length >= 0 && end <= sizeBytes) return;
  const place = Number.isSafeInteger(offset) && offset >= 0 ? Math.min(offset, sizeBytes) : 0;
  throw eventDataError(
    path,
    { byte: place },
    `${length} bytes from byte ${offset} on belong to it, and the file has ${sizeBytes}`,
    'it is cut off or damaged: copy or record it again',
  );
}

class FileBytes implements ByteSource {
  readonly path: string;
  readonly sizeBytes: number;
  readonly #descriptor: number;
  readonly #pages = new Map<number, Uint8Array>();
  #isOpen = true;

  constructor(path: string, descriptor: number, sizeBytes: number) {
    this.path = path;
    this.#descriptor = descriptor;
    this.sizeBytes = sizeBytes;
  }

  readNow(offset: number, length: number): Uint8Array {
    checkRange(this, offset, length);
    const page = Math.floor(offset / PAGE_BYTES);
    if (offset + length <= (page + 1) * PAGE_BYTES) {
      const start = offset - page * PAGE_BYTES;
      return this.#page(page).subarray(start, start + length);
    }
    return this.#readAt(offset, length);
  }

  #page(index: number): Uint8Array {
    const known = this.#pages.get(index);
    if (known) return known;
    if (this.#pages.size >= MAX_PAGES) this.#pages.clear();
    const start = index * PAGE_BYTES;
    const page = this.#readAt(start, Math.min(PAGE_BYTES, this.sizeBytes - start));
    this.#pages.set(index, page);
    return page;
  }

  #readAt(offset: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let done = 0; done < length;) {
      const count = readSync(this.#descriptor, bytes, done, length - done, offset + done);
      if (count === 0) throw this.#shrunk(offset + done);
      done += count;
    }
    return bytes;
  }

  async read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    checkRange(this, offset, length);
    const bytes = Buffer.allocUnsafeSlow(length);
    for (let done = 0; done < length;) {
      const { bytesRead } = await readAsync(this.#descriptor, bytes, done, length - done, offset + done);
      if (bytesRead === 0) throw this.#shrunk(offset + done);
      done += bytesRead;
    }
    return bytes;
  }

  #shrunk(byte: number): Error {
    return eventDataError(
      this.path,
      { byte },
      'the file became shorter meanwhile',
      'read it once it is whole',
    );
  }

  close(): void {
    if (this.#isOpen) closeSync(this.#descriptor);
    this.#isOpen = false;
  }
}
