// Which memory a process maps, and what of it page-out could free.
import { parseFileSystems, parseSmaps, readOrNull, readSlowly } from '../procfs/index.ts';
import type { Mapping } from '../procfs/index.ts';

/** What a mapping holds, by what page-out does to it. */
export type MemoryKind = 'clean-file' | 'dirty-file' | 'anonymous' | 'shared-memory' | 'excluded';

/** Whether page-out drops it to a file rather than to swap. */
export const isOfFile = (kind: MemoryKind): boolean => kind === 'clean-file' || kind === 'dirty-file';

// Kernel can_madv_lru_vma() refuses locked, hugetlb and pure-PFN mappings; device memory and the
// kernel's own pages free nothing. Code is left alone: it is hot.
const EXCLUDED_FLAGS = ['lo', 'ht', 'pf', 'io', 'dx', 'ex'];
const EXCLUDED_PATHS = new Set(['[vdso]', '[vvar]', '[vvar_vclock]', '[vsyscall]', '[stack]', '[uprobes]']);

/**
 * Says what a mapping holds. File pages count as clean when at least half of the private ones are
 * (smaps tells only sums): the dirty rest stays in the page cache, which the outcome then shows.
 * @param fileSystems file system type by device, from {@link parseFileSystems}
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

/** Reads a process's mappings; empty when the process is gone. @throws EACCES when it may not be read */
export async function readMappings(pid: number, procRoot = '/proc'): Promise<Mapping[]> {
  return parseSmaps((await readSlowly(`${procRoot}/${pid}/smaps`)) ?? '');
}

/** Reads the file systems a process sees. */
export async function readFileSystems(pid: number, procRoot = '/proc'): Promise<Map<string, string>> {
  return parseFileSystems(readOrNull(`${procRoot}/${pid}/mountinfo`) ?? '');
}
