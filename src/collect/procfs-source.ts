// The Linux source: /proc and the cgroup tree under configurable roots. Reads files only; starts no process.
import type { Clock } from '../core/index.ts';
import { isProcfs, parseOpenFilesLimit } from '../procfs/index.ts';
import { createCgroupReader, emptyCgroup } from './cgroup.ts';
import { toLatin1 } from './keyed-numbers.ts';
import { emptyMeminfo, readMeminfo } from './meminfo.ts';
import { emptyPressure, readPressure } from './pressure.ts';
import { createProcReader } from './proc-reader.ts';
import { createProcessScanner, readPids } from './process-scan.ts';
import type { SampleSource } from './source.ts';
import { readSystemConstants } from './system-constants.ts';
import { emptyVmstat, readVmstat } from './vmstat.ts';

/** Options of {@link createProcfsSource}. */
export interface ProcfsOptions {
  readonly procRoot: string;
  /** Null where only mountinfo tells where the cgroup tree is. */
  readonly cgroupRoot: string | null;
  readonly smapsTop: number;
  readonly processIntervalMs: number;
  readonly clock: Clock;
}

// Opening and closing is half the cost of a scan, but each kept file pins about 5 KiB of kernel memory:
// worth it (4 ms of 9 with 230 processes) when scans are frequent, not every 10 s.
const FREQUENT_MS = 2000;
const KEPT_FILES = { frequent: 768, rare: 32 } as const;

/** Creates the source. Files that are absent show in the health of each sample, not here. */
export function createProcfsSource(options: ProcfsOptions): SampleSource {
  const { procRoot, cgroupRoot, smapsTop, processIntervalMs, clock } = options;
  const wanted = processIntervalMs <= FREQUENT_MS ? KEPT_FILES.frequent : KEPT_FILES.rare;
  // A file of a copied tree may be replaced by another of its name, which a kept one would never see.
  const keepOpen = isProcfs(procRoot) ? Math.min(wanted, readKeptFilesLimit()) : 0;
  const reader = createProcReader(keepOpen);
  const constants = readSystemConstants(reader, procRoot);
  const scanner = createProcessScanner({ reader, procRoot, constants, smapsTop, clock });
  return {
    memory: [
      { name: 'meminfo', empty: emptyMeminfo, read: (notes) => readMeminfo(reader, procRoot, notes) },
      { name: 'vmstat', empty: emptyVmstat, read: (notes) => readVmstat(reader, procRoot, notes) },
      { name: 'pressure', empty: emptyPressure, read: (notes) => readPressure(reader, procRoot, notes) },
      { name: 'cgroup', empty: emptyCgroup, read: createCgroupReader(reader, { procRoot, cgroupRoot }) },
    ],
    countProcesses: () => readPids(procRoot).length,
    scanProcesses: (time, notes) => scanner.scan(time, notes),
    close: () => reader.close(),
  };
}

// A quarter of what this process may open, so that sockets and stores never run out because of us.
function readKeptFilesLimit(): number {
  const reader = createProcReader(0);
  try {
    return Math.floor((parseOpenFilesLimit(toLatin1(reader.read('/proc/self/limits'))) ?? 0) / 4);
  } catch {
    return 0; // without a known limit nothing is kept; only the cost grows
  }
}
