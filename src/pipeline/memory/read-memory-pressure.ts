// What memory of this host, of the cgroups around this process and of the process itself looks like now. A few small
// files of /proc and /sys, some 100 µs.
import { parsePressureTotal, readIfPossible, readMemoryUsages } from '../../procfs/index.ts';
import type { CgroupReading, PressureReading } from './pressure.ts';

/** Reads pressure; what the host does not have is null. */
export function readMemoryPressure(procRoot = '/proc'): PressureReading {
  return {
    atMs: performance.now(),
    hostStallUs: readStallUs(`${procRoot}/pressure/memory`),
    cgroup: readFullestCgroup(procRoot),
    rssBytes: process.memoryUsage.rss(),
  };
}

function readFullestCgroup(procRoot: string): CgroupReading | null {
  const [fullest] = readMemoryUsages(procRoot)
    .filter(({ limitBytes }) => limitBytes > 0)
    .toSorted((a, b) => b.usedBytes / b.limitBytes - a.usedBytes / a.limitBytes);
  if (!fullest) return null;
  const { path, limitBytes, usedBytes } = fullest;
  return { limitBytes, usedBytes, stallUs: readStallUs(`${path}/memory.pressure`) };
}

function readStallUs(file: string): number | null {
  return parsePressureTotal(readIfPossible(file) ?? '', 'some');
}
