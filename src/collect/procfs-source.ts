// The Linux source: /proc and the cgroup tree under configurable roots. Reads files only; starts no process.
import { createCgroupReader, emptyCgroup } from './cgroup.ts';
import { toLatin1 } from './keyed-numbers.ts';
import { emptyMeminfo, readMeminfo } from './meminfo.ts';
import { emptyPressure, readPressure } from './pressure.ts';
import { createProcReader } from './proc-reader.ts';
import { createProcessScanner, readPids } from './process-scan.ts';
import type { Source } from './source.ts';
import { readSystemConstants } from './system-constants.ts';
import { emptyVmstat, readVmstat } from './vmstat.ts';

/** Options of {@link createProcfsSource}. */
export interface ProcfsOptions {
  readonly procRoot: string;
  readonly cgroupRoot: string;
  readonly smapsTop: number;
}

const MAX_KEPT_FILES = 256;

/** Creates the source. Files that are absent show in the health of each sample, not here. */
export function createProcfsSource(options: ProcfsOptions): Source {
  const { procRoot, cgroupRoot, smapsTop } = options;
  const reader = createProcReader(readKeptFilesLimit());
  const constants = readSystemConstants(reader, procRoot);
  const scanner = createProcessScanner({ reader, procRoot, constants, smapsTop });
  return {
    memory: [
      { name: 'meminfo', empty: emptyMeminfo, read: () => readMeminfo(reader, procRoot) },
      { name: 'vmstat', empty: emptyVmstat, read: () => readVmstat(reader, procRoot) },
      { name: 'pressure', empty: emptyPressure, read: () => readPressure(reader, procRoot) },
      { name: 'cgroup', empty: emptyCgroup, read: createCgroupReader(reader, procRoot, cgroupRoot) },
    ],
    countProcesses: () => readPids(procRoot).length,
    scanProcesses: (time) => scanner.scan(time),
    close: () => reader.close(),
  };
}

// A quarter of what this process may open, so that sockets and stores never run out because of us.
function readKeptFilesLimit(): number {
  const reader = createProcReader(0);
  try {
    return Math.min(MAX_KEPT_FILES, Math.floor(parseOpenFilesLimit(reader.read('/proc/self/limits')) / 4));
  } catch {
    return 0; // without a known limit nothing is kept; only the cost grows
  }
}

/** Parses the soft limit on open files out of /proc/PID/limits; 0 when it is not there, Infinity when unlimited. */
export function parseOpenFilesLimit(bytes: Uint8Array): number {
  const [, soft] = /^Max open files +(\d+|unlimited) /m.exec(toLatin1(bytes)) ?? [];
  return soft === 'unlimited' ? Infinity : Number(soft ?? 0);
}
