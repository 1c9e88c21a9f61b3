// The memory cgroups a process's pages are charged to, v1 and v2, with every ancestor that has a
// limit: a limit anywhere above makes memory scarce for the process. Reads only.
// https://docs.kernel.org/admin-guide/cgroup-v2.html and .../cgroup-v1/memory.html
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readOrNull } from './process-stat.ts';

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

/** Where a hierarchy with the memory controller is mounted. */
export interface MemoryMount {
  readonly version: 1 | 2;
  readonly mountPoint: string;
  /** The cgroup that the mount point shows; not `/` inside a container. */
  readonly root: string;
}

/** Parses /proc/self/mountinfo: the mounts that can hold memory cgroups, v1 first. */
export function parseMemoryMounts(text: string): MemoryMount[] {
  const mounts: MemoryMount[] = [];
  for (const line of text.split('\n')) {
    const [left, right] = line.split(' - ');
    const [, , , root, mountPoint] = (left ?? '').split(' ');
    const [type, , options] = (right ?? '').split(' ');
    if (root === undefined || mountPoint === undefined) continue;
    const place = { mountPoint: unescapeMount(mountPoint), root: unescapeMount(root) };
    // v1 controllers may be mounted together: `rw,cpu,memory`.
    if (type === 'cgroup' && options?.split(',').includes('memory')) mounts.push({ version: 1, ...place });
    if (type === 'cgroup2') mounts.push({ version: 2, ...place });
  }
  return mounts.toSorted((a, b) => a.version - b.version);
}

// mountinfo writes space, tab, newline and backslash in octal.
const unescapeMount = (text: string): string =>
  text.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCodePoint(Number.parseInt(octal, 8)));

/** The path of a process in a hierarchy by /proc/PID/cgroup; null when it is in none or outside of what we see. */
export function parseCgroupPath(text: string, version: 1 | 2): string | null {
  for (const line of text.split('\n')) {
    const match = /^(\d+):([^:]*):(.*)$/.exec(line);
    if (match === null) continue;
    const [, id, controllers, path] = match;
    const isWanted =
      version === 2 ? id === '0' && controllers === '' : controllers!.split(',').includes('memory');
    if (isWanted) return path!.startsWith('/..') ? null : path!.replace(/ \(deleted\)$/, '');
  }
  return null;
}

/** The folders from a process's cgroup up to the mount point. */
export function listFolders(mount: MemoryMount, cgroupPath: string): string[] {
  const isBelowRoot = cgroupPath === mount.root || cgroupPath.startsWith(`${mount.root.replace(/\/$/, '')}/`);
  // Outside of what this mount shows; its limits are not those of the process.
  if (!isBelowRoot) return [];
  const inside = cgroupPath.slice(mount.root === '/' ? 0 : mount.root.length);
  const parts = inside.split('/').filter((part) => part !== '');
  return Array.from({ length: parts.length + 1 }, (_, i) =>
    join(mount.mountPoint, ...parts.slice(0, parts.length - i)),
  );
}

/**
 * Reads every cgroup with a limit that a process's pages count against, the nearest first.
 * Empty when there is none or the process is gone.
 */
export function readMemoryCgroups(pid: number, procRoot = '/proc'): MemoryCgroup[] {
  const mountinfo = readOrNull(`${procRoot}/self/mountinfo`);
  const own = readOrNull(`${procRoot}/${pid}/cgroup`);
  if (mountinfo === null || own === null) return [];
  const found: MemoryCgroup[] = [];
  for (const mount of parseMemoryMounts(mountinfo)) {
    const path = parseCgroupPath(own, mount.version);
    if (path !== null) found.push(...readLimited(mount, path));
  }
  return found;
}

/** Reads a cgroup folder and its ancestors that have a limit. */
export function readCgroupFolder(folder: string, procRoot = '/proc'): MemoryCgroup[] {
  const mounts = parseMemoryMounts(readOrNull(`${procRoot}/self/mountinfo`) ?? '');
  const mount = mounts
    .filter(({ mountPoint }) => folder === mountPoint || folder.startsWith(`${mountPoint}/`))
    .toSorted((a, b) => b.mountPoint.length - a.mountPoint.length)[0];
  if (mount === undefined) return [];
  return readLimited({ ...mount, root: '/' }, `/${folder.slice(mount.mountPoint.length)}`.replace('//', '/'));
}

function readLimited(mount: MemoryMount, path: string): MemoryCgroup[] {
  const folders = listFolders(mount, path).map((folder) => read[mount.version](folder));
  const limited: MemoryCgroup[] = [];
  for (const folder of folders) {
    if (folder === null) continue;
    if (folder.group !== null) limited.push(folder.group);
    // A v1 cgroup without use_hierarchy is not counted against its ancestors.
    if (!folder.isHierarchical) break;
  }
  return limited;
}

interface Folder {
  readonly group: MemoryCgroup | null;
  readonly isHierarchical: boolean;
}

const read: Readonly<Record<1 | 2, (folder: string) => Folder | null>> = { 1: readV1, 2: readV2 };

// The kernel writes "no limit" as the largest multiple of a page below 2^63.
const NO_LIMIT_BYTES = 2 ** 62;

function readV1(path: string): Folder | null {
  const limitBytes = readNumber(`${path}/memory.limit_in_bytes`);
  if (limitBytes === null) return null;
  const isHierarchical = readNumber(`${path}/memory.use_hierarchy`) !== 0;
  if (limitBytes >= NO_LIMIT_BYTES) return { group: null, isHierarchical };
  const usageBytes = readNumber(`${path}/memory.usage_in_bytes`) ?? 0;
  const stat = parseFlatKeys(readText(`${path}/memory.stat`));
  const of = (name: string): number | null => stat.get(`total_${name}`) ?? stat.get(name) ?? null;
  const group = { path, limitBytes, usageBytes, someUs: null, fullUs: null, ...pickStat(of) };
  return { group, isHierarchical };
}

function readV2(path: string): Folder | null {
  const usageBytes = readNumber(`${path}/memory.current`);
  // The root has no memory.current, and a folder without the controller has no limit.
  if (usageBytes === null) return { group: null, isHierarchical: true };
  const limits = ['memory.max', 'memory.high'].map((file) => readNumber(`${path}/${file}`));
  const limitBytes = Math.min(...limits.map((limit) => limit ?? Infinity));
  if (!Number.isFinite(limitBytes)) return { group: null, isHierarchical: true };
  const stat = parseFlatKeys(readText(`${path}/memory.stat`));
  const pressure = readText(`${path}/memory.pressure`);
  const of = (name: string): number | null => stat.get(name) ?? null;
  const totals = {
    someUs: parsePressureTotal(pressure, 'some'),
    fullUs: parsePressureTotal(pressure, 'full'),
  };
  return { group: { path, limitBytes, usageBytes, ...totals, ...pickStat(of) }, isHierarchical: true };
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

/** Parses `key value` lines. */
export function parseFlatKeys(text: string): Map<string, number> {
  const values = new Map<string, number>();
  for (const line of text.split('\n')) {
    const [key, value] = line.split(' ');
    if (key && value !== undefined && Number.isFinite(Number(value))) values.set(key, Number(value));
  }
  return values;
}

/** Parses `some ... total=N` or `full ... total=N` of a pressure file; null when it is not one. */
export function parsePressureTotal(text: string, line: 'some' | 'full'): number | null {
  const match = new RegExp(`^${line} .*total=(\\d+)`, 'm').exec(text);
  return match === null ? null : Number(match[1]);
}

/** Empty where there is no such file, or it may not be read. */
function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** The number in a file; Infinity for `max`; null when there is none. */
function readNumber(path: string): number | null {
  const text = readText(path).trim();
  if (text === 'max') return Infinity;
  return /^\d+$/.test(text) ? Number(text) : null;
}
