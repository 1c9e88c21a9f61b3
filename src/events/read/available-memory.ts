// How much memory this process could still take: what the host has left, and what each memory cgroup around the
// process leaves below its limit.
import { availableMemory } from 'node:process';
import { parseKib, readIfPossible, readMemoryUsages } from '../../procfs/index.ts';

/**
 * Bytes that this process can still take before the host or one of its cgroups has none left.
 * @param procRoot where /proc is
 */
export function readAvailableMemory(procRoot = '/proc'): number {
  const left = readMemoryUsages(procRoot).map(({ limitBytes, usedBytes }) => limitBytes - usedBytes);
  return Math.max(0, Math.min(readHostMemory(procRoot), ...left));
}

/** MemAvailable; where the host has no /proc, what Node knows. */
function readHostMemory(procRoot: string): number {
  const kib = parseKib(readIfPossible(`${procRoot}/meminfo`) ?? '', 'MemAvailable');
  return kib === null ? availableMemory() : kib * 1024;
}
