// What memory of this host, of the cgroups around this process and of the process itself looks like now. A few small
// files of /proc and /sys, some 100 µs.
import {
  findFlatValue,
  memoryFiles,
  parsePressureTotal,
  readIfPossible,
  readMemoryFolders,
  readMemoryLimits,
} from '../../procfs/index.ts';
import type { MemoryLimit } from '../../procfs/index.ts';
import type { CgroupReading, PressureReading } from './pressure.ts';

/** Pages of files that were not used lately; version 1 counts those of the cgroups below beside its own. */
const inactiveFile = { 1: 'total_inactive_file', 2: 'inactive_file' } as const;

/** Reads pressure; what the host does not have is null. */
export function readMemoryPressure(procRoot = '/proc'): PressureReading {
  const cgroups = readMemoryFolders('self', procRoot)
    .flatMap((folders) => readMemoryLimits(folders, readIfPossible))
    .filter(({ limitBytes }) => Number.isFinite(limitBytes) && limitBytes > 0)
    .flatMap(readCgroup)
    .toSorted((a, b) => b.usedBytes / b.limitBytes - a.usedBytes / a.limitBytes);
  return {
    atMs: performance.now(),
    hostStallUs: parsePressureTotal(readIfPossible(`${procRoot}/pressure/memory`) ?? '', 'some'),
    cgroup: cgroups[0] ?? null,
    rssBytes: process.memoryUsage.rss(),
  };
}

function readCgroup({ path, version, limitBytes }: MemoryLimit): CgroupReading[] {
  const usage = readIfPossible(`${path}/${memoryFiles[version].usage}`);
  if (usage === null) return [];
  const stat = readIfPossible(`${path}/memory.stat`) ?? '';
  const droppable = Number(findFlatValue(stat, inactiveFile[version]) ?? 0);
  const stallUs = parsePressureTotal(readIfPossible(`${path}/memory.pressure`) ?? '', 'some');
  return [{ limitBytes, usedBytes: Math.max(0, Number(usage) - droppable), stallUs }];
}
