// /proc/PID/pagemap, held open: which pages of a process are in memory. One byte of flags a page.
// https://docs.kernel.org/admin-guide/mm/pagemap.html
import { closeSync, openSync, readSync } from 'node:fs';

/** Flags of a page. */
export const PAGE = {
  /** In memory and mapped. */
  present: 1,
  /** Written out to swap. */
  swapped: 2,
  /** Of a file or shared memory, where `present`. */
  file: 4,
  /** Mapped by this process alone. */
  exclusive: 8,
} as const;

const OWN_PAGE = PAGE.present | PAGE.exclusive;

/** An open pagemap. It stays that of the process it was opened for, also when the pid is reused. */
export interface Pagemap {
  /** Flags of `pages` pages from the address `start` on; null when they cannot be read (any more). */
  read(start: number, pages: number): Uint8Array | null;
  close(): void;
}

/** Opens a pagemap; null when there is no such process or it may not be read. */
export function openPagemap(path: string, pageSizeBytes: number): Pagemap | null {
  let fd: number | null = null;
  try {
    fd = openSync(path, 'r');
  } catch {
    return null;
  }
  return {
    read(start, pages) {
      if (fd === null) return null;
      const words = new Uint32Array(pages * 2);
      try {
        const bytes = readSync(fd, words, 0, words.byteLength, (start / pageSizeBytes) * 8);
        return bytes < words.byteLength ? null : toFlags(words);
      } catch {
        return null;
      }
    },
    close() {
      if (fd !== null) closeSync(fd);
      fd = null;
    },
  };
}

/**
 * The flags of pagemap words, given as pairs of 32-bit halves, low half first (BigInt arithmetic costs
 * ten times the read itself). Upper half: present is bit 63, swapped 62, file 61, exclusive 56.
 */
export function toFlags(words: Uint32Array): Uint8Array {
  const flags = new Uint8Array(words.length / 2);
  for (let i = 0; i < flags.length; i++) {
    const high = words[2 * i + 1]!;
    flags[i] =
      (high >>> 31) * PAGE.present +
      ((high >>> 30) & 1) * PAGE.swapped +
      ((high >>> 29) & 1) * PAGE.file +
      ((high >>> 24) & 1) * PAGE.exclusive;
  }
  return flags;
}

/** Pages that page-out takes: 1 where the process alone has the page in memory. */
export const ownPages = (flags: Uint8Array | null): Uint8Array =>
  flags?.map((flag) => ((flag & OWN_PAGE) === OWN_PAGE ? 1 : 0)) ?? new Uint8Array();

/** How many pages of a set of 0 and 1 are in it. */
export function countPages(pages: Uint8Array): number {
  let sum = 0;
  for (const page of pages) sum += page;
  return sum;
}
