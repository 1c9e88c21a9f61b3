// Which pages of a mapped file are in the page cache. pagemap only tells whether a process has a page
// mapped: a page that left the process may still be cached, and then nothing was freed.
import { openSync, statSync } from 'node:fs';
import type { MappingPlace } from './region-map.ts';
import { createSyscalls } from './syscalls.ts';
import type { Syscalls } from './syscalls.ts';

/** The page cache of one file. */
export interface PageCache {
  /** 1 for each page of the range that is cached; null when it cannot be told. */
  read(offsetBytes: number, lengthBytes: number): Uint8Array | null;
  /** Drops what is clean and mapped by nobody. */
  drop(offsetBytes: number, lengthBytes: number): void;
  close(): void;
}

/** Opens the page cache of a file that a process maps; null when we may not. */
export async function openPageCache(
  pid: number,
  mapping: MappingPlace,
  procRoot = '/proc',
  load: () => Promise<Syscalls> = createSyscalls,
): Promise<PageCache | null> {
  const fd = openMapped(`${procRoot}/${pid}`, mapping);
  if (fd === null) return null;
  const calls = await load().catch(() => null);
  return {
    read: (offsetBytes, lengthBytes) => {
      const pages = calls?.readCachedPages(fd, offsetBytes, lengthBytes) ?? null;
      return pages === null ? null : pages.map((state) => state & 1);
    },
    drop: (offsetBytes, lengthBytes) => calls?.dropCached(fd, offsetBytes, lengthBytes),
    close: () => calls?.close(fd),
  };
}

// map_files is the very file, also when it was deleted or replaced, but takes a capability; the path
// is good when it still names the same inode.
function openMapped(folder: string, { start, end, path, inode }: MappingPlace): number | null {
  try {
    return openSync(`${folder}/map_files/${start.toString(16)}-${end.toString(16)}`, 'r');
  } catch {
    const byPath = `${folder}/root${path}`;
    try {
      return statSync(byPath).ino === inode ? openSync(byPath, 'r') : null;
    } catch {
      return null;
    }
  }
}

/** Opens page caches of one process's files. */
export type OpenPageCache = (pid: number, mapping: MappingPlace) => Promise<PageCache | null>;

/** Page caches of a process's files, opened when they are asked for and closed together. */
export class CacheSet implements Disposable {
  readonly #readers: { readonly openPageCache: OpenPageCache };
  readonly #pid: number;
  readonly #caches = new Map<string, PageCache | null>();

  constructor(readers: { readonly openPageCache: OpenPageCache }, pid: number) {
    this.#readers = readers;
    this.#pid = pid;
  }

  async open(mapping: MappingPlace): Promise<PageCache | null> {
    const key = `${mapping.key}:${mapping.start}`;
    const known = this.#caches.get(key);
    if (known !== undefined) return known;
    const cache = await this.#readers.openPageCache(this.#pid, mapping);
    this.#caches.set(key, cache);
    return cache;
  }

  close(): void {
    for (const cache of this.#caches.values()) cache?.close();
    this.#caches.clear();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
