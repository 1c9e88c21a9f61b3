// How much memory this process could still take: what the host has left, and what each memory cgroup around the
// process, version 1 or 2, leaves below its limit. In a container the second is the truth and the first is not.
import { availableMemory } from 'node:process';
import {
  findFlatValue,
  memoryFiles,
  parseKib,
  readIfPossible,
  readMemoryFolders,
  readMemoryLimits,
} from '../../procfs/index.ts';
import type { MemoryLimit } from '../../procfs/index.ts';

/** Pages of files that the kernel drops first, and that a cgroup's usage contains; version 1 sums them up by `total_`. */
const droppableFiles = { 1: 'total_inactive_file', 2: 'inactive_file' } as const;

/**
 * Bytes that this process can still take before the host or one of its cgroups has none left.
 * @param procRoot where /proc is
 */
export function readAvailableMemory(procRoot = '/proc'): number {
  const left = readMemoryFolders('self', procRoot)
    .flatMap((folders) => readMemoryLimits(folders, readIfPossible))
    .filter(({ limitBytes }) => Number.isFinite(limitBytes))
    .map(readLeft);
  return Math.max(0, Math.min(readHostMemory(procRoot), ...left));
}

/** MemAvailable; where the host has no /proc, what Node knows. */
function readHostMemory(procRoot: string): number {
  const kib = parseKib(readIfPossible(`${procRoot}/meminfo`) ?? '', 'MemAvailable');
  return kib === null ? availableMemory() : kib * 1024;
}

function readLeft({ path, version, limitBytes }: MemoryLimit): number {
  const usage = Number(readIfPossible(`${path}/${memoryFiles[version].usage}`) ?? 0);
  const stat = readIfPossible(`${path}/memory.stat`) ?? '';
  const droppable = Number(findFlatValue(stat, droppableFiles[version]) ?? 0);
  return limitBytes - Math.max(0, usage - droppable);
}
