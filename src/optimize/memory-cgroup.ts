// The memory cgroups a process's pages are charged to, v1 and v2, with every ancestor that has a
// limit: a limit anywhere above makes memory scarce for the process. Reads only.
// https://docs.kernel.org/admin-guide/cgroup-v2.html and .../cgroup-v1/memory.html
import {
  listFolders,
  memoryFiles,
  parseFlatKeys,
  parseMemoryMounts,
  parsePressureTotal,
  readIfPossible,
  readMemoryFolders,
  readMemoryLimits,
  readOrNull,
} from '../procfs/index.ts';
import type { MemoryFolders, MemoryLimit } from '../procfs/index.ts';

/** One cgroup with a limit. */
export interface MemoryCgroup {
  /** Its folder. */
  readonly path: string;
  /** The lower of its limits (memory.max and memory.high; memory.limit_in_bytes). */
  readonly limitBytes: number;
  readonly usageBytes: number;
  /** File pages on its LRU lists, which the kernel can take back without swap. */
  readonly fileBytes: number;
  /** Cumulative; null where the kernel does not count it. */
  readonly majorFaults: number | null;
  readonly refaults: number | null;
  /** Totals of memory.pressure (v2 with PSI), µs. */
  readonly someUs: number | null;
  readonly fullUs: number | null;
}

/**
 * Reads every cgroup with a limit that a process's pages count against, the nearest first.
 * Empty when there is none or the process is gone.
 */
export function readMemoryCgroups(pid: number, procRoot = '/proc'): MemoryCgroup[] {
  return readMemoryFolders(pid, procRoot).flatMap(readLimited);
}

/** Reads a cgroup folder and its ancestors that have a limit. */
export function readCgroupFolder(folder: string, procRoot = '/proc'): MemoryCgroup[] {
  const mounts = parseMemoryMounts(readOrNull(`${procRoot}/self/mountinfo`) ?? '');
  const mount = mounts
    .filter(({ mountPoint }) => folder === mountPoint || folder.startsWith(`${mountPoint}/`))
    .toSorted((a, b) => b.mountPoint.length - a.mountPoint.length)[0];
  if (mount === undefined) return [];
  const path = `/${folder.slice(mount.mountPoint.length)}`.replace('//', '/');
  return readLimited({ version: mount.version, folders: listFolders({ ...mount, root: '/' }, path) });
}

function readLimited(folders: MemoryFolders): MemoryCgroup[] {
  const limited = readMemoryLimits(folders, readIfPossible).filter(({ limitBytes }) =>
    Number.isFinite(limitBytes),
  );
  return limited.map((limit) => read[limit.version](limit));
}

const read: Readonly<Record<1 | 2, (limit: MemoryLimit) => MemoryCgroup>> = { 1: readV1, 2: readV2 };

function readV1({ path, limitBytes }: MemoryLimit): MemoryCgroup {
  const usageBytes = readNumber(`${path}/${memoryFiles[1].usage}`) ?? 0;
  const stat = parseFlatKeys(readText(`${path}/memory.stat`));
  const of = (name: string): number | null => stat.get(`total_${name}`) ?? stat.get(name) ?? null;
  return { path, limitBytes, usageBytes, someUs: null, fullUs: null, ...pickStat(of) };
}

function readV2({ path, limitBytes }: MemoryLimit): MemoryCgroup {
  const usageBytes = readNumber(`${path}/${memoryFiles[2].usage}`) ?? 0;
  const stat = parseFlatKeys(readText(`${path}/memory.stat`));
  const pressure = readText(`${path}/memory.pressure`);
  const of = (name: string): number | null => stat.get(name) ?? null;
  const totals = {
    someUs: parsePressureTotal(pressure, 'some'),
    fullUs: parsePressureTotal(pressure, 'full'),
  };
  return { path, limitBytes, usageBytes, ...totals, ...pickStat(of) };
}

function pickStat(
  of: (name: string) => number | null,
): Pick<MemoryCgroup, 'fileBytes' | 'majorFaults' | 'refaults'> {
  const refaults = [of('workingset_refault_anon'), of('workingset_refault_file')];
  const isCounted = refaults.some((count) => count !== null);
  return {
    fileBytes: (of('active_file') ?? 0) + (of('inactive_file') ?? 0),
    majorFaults: of('pgmajfault'),
    refaults: isCounted ? (refaults[0] ?? 0) + (refaults[1] ?? 0) : null,
  };
}

const readText = (path: string): string => readIfPossible(path) ?? '';

/** The number in a file; null when there is none. */
function readNumber(path: string): number | null {
  const text = readText(path).trim();
  return /^\d+$/.test(text) ? Number(text) : null;
}
