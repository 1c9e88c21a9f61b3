// How near this process is to the limits its pages count against: of its own memory cgroup and of every one around it.
// In a container these are the truth and what the host has left is not.
import { findFlatValue } from './keyed-values.ts';
import { memoryFiles } from './memory-files.ts';
import { readMemoryLimits } from './memory-limits.ts';
import { readMemoryFolders } from './memory-mounts.ts';
import { readIfPossible } from './read-file.ts';

/** A memory cgroup that has a limit, and what of it is taken. */
export interface MemoryUsage {
  /** Its folder. */
  readonly path: string;
  readonly limitBytes: number;
  /** Less the pages of files that were not used lately: the kernel drops those first. */
  readonly usedBytes: number;
}

/** Pages of files that were not used lately; version 1 counts those of the cgroups below beside its own. */
const inactiveFile = { 1: 'total_inactive_file', 2: 'inactive_file' } as const;

/**
 * Reads the limited memory cgroups around this process, its own first. One whose use cannot be read is left out.
 * @param procRoot where /proc is
 */
export function readMemoryUsages(procRoot = '/proc'): MemoryUsage[] {
  return readMemoryFolders('self', procRoot)
    .flatMap((folders) => readMemoryLimits(folders, readIfPossible))
    .filter(({ limitBytes }) => Number.isFinite(limitBytes))
    .flatMap(({ path, version, limitBytes }) => {
      const usage = readIfPossible(`${path}/${memoryFiles[version].usage}`);
      if (usage === null) return [];
      const stat = readIfPossible(`${path}/memory.stat`) ?? '';
      const droppable = Number(findFlatValue(stat, inactiveFile[version]) ?? 0);
      return [{ path, limitBytes, usedBytes: Math.max(0, Number(usage) - droppable) }];
    });
}
