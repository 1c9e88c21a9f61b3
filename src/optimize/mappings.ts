// /proc/PID/smaps and mountinfo: which memory a process maps, and what of it page-out could free.
// https://docs.kernel.org/filesystems/proc.html
import { readOrNull, readSlowly } from './process-stat.ts';

/** One mapping of /proc/PID/smaps. Sizes in bytes. */
export interface Mapping {
  readonly start: number;
  readonly end: number;
  readonly permissions: string;
  /** Offset of `start` in the file. */
  readonly offsetBytes: number;
  /** `major:minor` in hexadecimal, as /proc/PID/maps writes it. */
  readonly device: string;
  /** 0 for anonymous memory. */
  readonly inode: number;
  readonly path: string;
  readonly pageSizeBytes: number;
  readonly rssBytes: number;
  readonly sharedBytes: number;
  readonly privateCleanBytes: number;
  readonly privateDirtyBytes: number;
  readonly referencedBytes: number;
  readonly anonymousBytes: number;
  readonly lockedBytes: number;
  readonly vmFlags: ReadonlySet<string>;
}

/** What a mapping holds, by what page-out does to it. */
export type MemoryKind = 'clean-file' | 'dirty-file' | 'anonymous' | 'shared-memory' | 'excluded';

/** Whether page-out drops it to a file rather than to swap. */
export const isOfFile = (kind: MemoryKind): boolean => kind === 'clean-file' || kind === 'dirty-file';

const HEADER = /^([0-9a-f]+)-([0-9a-f]+) (\S{4}) ([0-9a-f]+) ([0-9a-f]+:[0-9a-f]+) (\d+) *(.*)$/;

/** Parses /proc/PID/smaps. Mappings beyond 2^53 (vsyscall) are left out: no user page lies there. */
export function parseSmaps(text: string): Mapping[] {
  const mappings: Mapping[] = [];
  let header: RegExpExecArray | null = null;
  let sizes = new Map<string, number>();
  for (const line of text.split('\n')) {
    const colon = line.indexOf(':');
    const key = line.slice(0, colon);
    if (key === 'VmFlags' && header !== null) {
      const mapping = buildMapping(header, sizes, line.slice(colon + 1));
      if (mapping.end <= Number.MAX_SAFE_INTEGER) mappings.push(mapping);
      header = null;
    } else if (/^[A-Z]/.test(key)) {
      sizes.set(key, Number.parseInt(line.slice(colon + 1), 10) * 1024);
    } else {
      header = HEADER.exec(line) ?? header;
      sizes = new Map();
    }
  }
  return mappings;
}

function buildMapping(header: RegExpExecArray, sizes: Map<string, number>, flags: string): Mapping {
  const size = (name: string): number => sizes.get(name) ?? 0;
  return {
    start: Number.parseInt(header[1]!, 16),
    end: Number.parseInt(header[2]!, 16),
    permissions: header[3]!,
    offsetBytes: Number.parseInt(header[4]!, 16),
    device: header[5]!,
    inode: Number(header[6]!),
    path: header[7]!,
    pageSizeBytes: size('KernelPageSize') || 4096,
    rssBytes: size('Rss'),
    sharedBytes: size('Shared_Clean') + size('Shared_Dirty'),
    privateCleanBytes: size('Private_Clean'),
    privateDirtyBytes: size('Private_Dirty'),
    referencedBytes: size('Referenced'),
    anonymousBytes: size('Anonymous'),
    lockedBytes: size('Locked'),
    vmFlags: new Set(flags.trim().split(/\s+/)),
  };
}

// Kernel can_madv_lru_vma() refuses locked, hugetlb and pure-PFN mappings; device memory and the
// kernel's own pages free nothing. Code is left alone: it is hot.
const EXCLUDED_FLAGS = ['lo', 'ht', 'pf', 'io', 'dx', 'ex'];
const EXCLUDED_PATHS = new Set(['[vdso]', '[vvar]', '[vvar_vclock]', '[vsyscall]', '[stack]', '[uprobes]']);

/**
 * Says what a mapping holds. File pages count as clean when at least half of the private ones are
 * (smaps tells only sums): the dirty rest stays in the page cache, which the outcome then shows.
 * @param fileSystems file system type by device, from {@link parseMountinfo}
 */
export function classifyMapping(mapping: Mapping, fileSystems: ReadonlyMap<string, string>): MemoryKind {
  const isExcluded =
    mapping.lockedBytes > 0 ||
    EXCLUDED_PATHS.has(mapping.path) ||
    EXCLUDED_FLAGS.some((flag) => mapping.vmFlags.has(flag));
  if (isExcluded) return 'excluded';
  const isFile = mapping.path.startsWith('/');
  if (isFile && isMemoryBacked(mapping.device, fileSystems)) return 'shared-memory';
  if (!isFile || mapping.anonymousBytes > mapping.privateCleanBytes) return 'anonymous';
  return mapping.privateDirtyBytes > mapping.privateCleanBytes ? 'dirty-file' : 'clean-file';
}

const MEMORY_FILE_SYSTEMS = new Set(['tmpfs', 'ramfs', 'devtmpfs', 'hugetlbfs', 'rootfs']);

// An unnamed device (major 0) that no mount names is memfd or SysV memory: swap-backed, not a file.
function isMemoryBacked(device: string, fileSystems: ReadonlyMap<string, string>): boolean {
  const type = fileSystems.get(device);
  return type === undefined ? device.startsWith('00:') : MEMORY_FILE_SYSTEMS.has(type);
}

/** Parses /proc/PID/mountinfo: file system type by device, written as smaps writes devices. */
export function parseMountinfo(text: string): Map<string, string> {
  const types = new Map<string, string>();
  for (const line of text.split('\n')) {
    const device = /^\d+ \d+ (\d+):(\d+) /.exec(line);
    const type = / - (\S+) /.exec(line);
    if (device && type) types.set(`${hex(device[1]!)}:${hex(device[2]!)}`, type[1]!);
  }
  return types;
}

const hex = (decimal: string): string => Number(decimal).toString(16).padStart(2, '0');

/** Reads a process's mappings; empty when the process is gone. @throws EACCES when it may not be read */
export async function readMappings(pid: number, procRoot = '/proc'): Promise<Mapping[]> {
  return parseSmaps((await readSlowly(`${procRoot}/${pid}/smaps`)) ?? '');
}

/** Reads the file systems a process sees. */
export async function readFileSystems(pid: number, procRoot = '/proc'): Promise<Map<string, string>> {
  return parseMountinfo(readOrNull(`${procRoot}/${pid}/mountinfo`) ?? '');
}
