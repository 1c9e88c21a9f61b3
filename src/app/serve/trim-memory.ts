// Gives back what the start of a daemon left behind: garbage, freed blocks that malloc keeps, and pages of the
// executable and its libraries that only the start needed. Those are clean copies of a file: they leave this
// process and stay in the page cache, the first thing the kernel takes when it needs memory; what is needed
// again comes back with a minor fault. Optional: without koffi only garbage goes.
// https://man7.org/linux/man-pages/man2/madvise.2.html, https://man7.org/linux/man-pages/man3/malloc_trim.3.html
import { readFileSync, realpathSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parseSmaps } from '../../procfs/index.ts';
import type { Mapping } from '../../procfs/index.ts';

// include/uapi/asm-generic/mman-common.h and glibc's dlfcn.h
const MADV_DONTNEED = 4;
const RTLD_LAZY = 1;
const RTLD_NOLOAD = 4;
const RTLD_NODELETE = 0x1000;

/** The start is over after a few decisions; what a training or an export left is found later. */
const FIRST_MS = 5000;
const SETTLED_MS = 30_000;
const PERIOD_MS = 60_000;

interface Calls {
  malloc_trim(pad: number): number;
  madvise(start: bigint, length: bigint, advice: number): number;
  dlopen(path: string, flags: number): bigint | null;
}

/** A range of addresses that maps a file and was never written to. */
export interface CleanMapping {
  readonly path: string;
  readonly start: bigint;
  readonly end: bigint;
}

/** Trims soon after the start, once settled, and then every minute. */
export function startTrimming(onFirst: () => void): Disposable {
  let calls: Calls | null = null;
  const trim = (): void => {
    if (calls) trimNative(calls);
  };
  const trimFirst = async (): Promise<void> => {
    collectGarbage();
    calls = await loadCalls();
    trim();
    onFirst();
  };
  const first = setTimeout(() => void trimFirst(), FIRST_MS).unref();
  // Garbage is not collected again: it takes half a second of work, by now for less than a megabyte.
  const settled = setTimeout(trim, SETTLED_MS).unref();
  const period = setInterval(trim, PERIOD_MS).unref();
  return {
    [Symbol.dispose]: () => {
      clearTimeout(first);
      clearTimeout(settled);
      clearInterval(period);
    },
  };
}

/** Compiled code that the start alone needed counts as garbage too. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as (options: object) => void;
  gc({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  setFlagsFromString('--no-expose-gc');
}

async function loadCalls(): Promise<Calls | null> {
  if (process.platform !== 'linux') return null;
  try {
    const { default: koffi } = await import('koffi');
    const libc = koffi.load(null);
    return {
      malloc_trim: libc.func('int malloc_trim(size_t pad)'),
      madvise: libc.func('int madvise(uintptr_t start, size_t length, int advice)'),
      dlopen: libc.func('void *dlopen(const char *path, int flags)'),
    };
  } catch {
    // koffi is optional, and another C library lacks malloc_trim.
    return null;
  }
}

function trimNative(calls: Calls): void {
  calls.malloc_trim(0);
  const pinned = pinnedFiles(calls);
  for (const { path, start, end } of readCleanMappings())
    if (pinned.has(path)) calls.madvise(start, end - start, MADV_DONTNEED);
}

/**
 * Files whose mappings stay as they are while this process lives: the executable, and libraries that the loader
 * now never unloads. Of others a thread may be loading the writable part at this very moment.
 */
function pinnedFiles(calls: Calls): ReadonlySet<string> {
  const executable = realpathSync(process.execPath);
  const paths = new Set(readCleanMappings().map(({ path }) => path));
  const pin = (path: string): boolean => calls.dlopen(path, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE) !== null;
  const isLibrary = (path: string): boolean => /\.so(\.\d+)*$/.test(path);
  return new Set([...paths].filter((path) => path === executable || (isLibrary(path) && pin(path))));
}

function readCleanMappings(): CleanMapping[] {
  return parseCleanMappings(readFileSync('/proc/self/smaps', 'utf8'));
}

/** Mappings of files that are private, not writable and hold no page of their own. */
export function parseCleanMappings(smaps: string): CleanMapping[] {
  return parseSmaps(smaps)
    .filter(isClean)
    .map(({ path, start, end }) => ({ path, start: BigInt(start), end: BigInt(end) }));
}

function isClean({ permissions, path, anonymousBytes, rssBytes }: Mapping): boolean {
  return /^r-[x-]p$/.test(permissions) && path.startsWith('/') && anonymousBytes === 0 && rssBytes > 0;
}
