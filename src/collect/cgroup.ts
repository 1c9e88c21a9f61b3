// Usage, limit and OOM kills of this process's own memory cgroup, version 1 or 2. The limit is the one in force:
// the smallest of this cgroup's and its ancestors', as far as they can be seen (a container with a cgroup
// namespace sees none above its own). https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files
import { systemCodeOf } from '../core/index.ts';
import {
  listMemoryFolders,
  parseHierarchicalLimit,
  parseMemoryMounts,
  readMemoryLimits,
} from '../procfs/index.ts';
import type { MemoryFolders, MemoryLimit, MemoryMount } from '../procfs/index.ts';
import { parseColumn } from './column-range.ts';
import { readError } from './errors.ts';
import type { Notes } from './part-notes.ts';
import { isDenied } from './proc-reader.ts';
import type { ProcReader } from './proc-reader.ts';

/** The cgroup columns of a memory snapshot. */
export interface CgroupMemory {
  readonly cgroup_usage_bytes: number | null;
  /** Null when unlimited. */
  readonly cgroup_limit_bytes: number | null;
  /** Processes of this cgroup that an OOM killer ended, whoever's limit it was; null before Linux 4.13. */
  readonly cgroup_oom_kill: number | null;
}

/** CgroupMemory with every column null: no memory cgroup, or its root. */
export const emptyCgroup: CgroupMemory = {
  cgroup_usage_bytes: null,
  cgroup_limit_bytes: null,
  cgroup_oom_kill: null,
};

/** Where {@link createCgroupReader} looks. */
export interface CgroupPlaces {
  readonly procRoot: string;
  /** The cgroup tree; null where only mountinfo tells. */
  readonly cgroupRoot: string | null;
}

/** The files of a memory cgroup by version. */
const filesOf = {
  1: { usage: 'memory.usage_in_bytes', kills: ['memory.oom_control'] },
  // Since Linux 5.2 there is a file without the kills in cgroups below, which have limits of their own.
  2: { usage: 'memory.current', kills: ['memory.events.local', 'memory.events'] },
} as const;

/** Mounts come and go far less often than samples; reading them all takes milliseconds on a host of containers. */
const MOUNTS_STAND_SAMPLES = 60;

/**
 * Creates the reader of this process's memory cgroup. It is looked up in every sample, because a process can be
 * moved; the mounts in every 60th, and again when something of the cgroup cannot be read.
 */
export function createCgroupReader(reader: ProcReader, places: CgroupPlaces): (notes: Notes) => CgroupMemory {
  let mounts: readonly MemoryMount[] = [];
  let standSamples = 0;
  return (notes) => {
    const own = readText(reader, `${places.procRoot}/self/cgroup`);
    if (own === null) return emptyCgroup; // a kernel without cgroups has no such file
    if (standSamples === 0) mounts = readMounts(reader, places);
    standSamples = (standSamples + 1) % MOUNTS_STAND_SAMPLES;
    const columns = readCgroupMemory(reader, listMemoryFolders(mounts, own), notes);
    if (columns.cgroup_usage_bytes === null) standSamples = 0;
    return columns;
  };
}

const USUAL_ROOT = '/sys/fs/cgroup';

// Without mountinfo the usual places: on hybrid hosts version 2 is mounted at "unified".
function readMounts(reader: ProcReader, { procRoot, cgroupRoot }: CgroupPlaces): readonly MemoryMount[] {
  const mountinfo = readText(reader, `${procRoot}/self/mountinfo`, 'all');
  if (mountinfo !== null) return parseMemoryMounts(mountinfo).map((mount) => moveMount(mount, cgroupRoot));
  if (cgroupRoot === null) return [];
  return [
    { version: 1, mountPoint: `${cgroupRoot}/memory`, root: '/' },
    { version: 2, mountPoint: cgroupRoot, root: '/' },
    { version: 2, mountPoint: `${cgroupRoot}/unified`, root: '/' },
  ];
}

/** A tree that was put elsewhere keeps its shape below the usual root. */
function moveMount(mount: MemoryMount, cgroupRoot: string | null): MemoryMount {
  const { mountPoint } = mount;
  const isUsual = mountPoint === USUAL_ROOT || mountPoint.startsWith(`${USUAL_ROOT}/`);
  if (cgroupRoot === null || !isUsual) return mount;
  return { ...mount, mountPoint: cgroupRoot + mountPoint.slice(USUAL_ROOT.length) };
}

function readCgroupMemory(reader: ProcReader, hierarchies: MemoryFolders[], notes: Notes): CgroupMemory {
  // A file that may not be read, or fails to be, is as if it were not there; only then it is noted.
  const read = (path: string): string | null => {
    try {
      return readText(reader, path);
    } catch (error) {
      notes.failed(error);
      return null;
    }
  };
  // Several mounts can show the process, and each other ancestors of it: every limit seen is in force.
  const limits = hierarchies.map((folders) => readMemoryLimits(folders, read));
  const own = limits.find((chain) => chain.length > 0)?.[0];
  if (own === undefined) return emptyCgroup;
  const { usage, kills } = filesOf[own.version];
  const hidden = own.version === 1 ? parseHierarchicalLimit(read(`${own.path}/memory.stat`) ?? '') : Infinity;
  return {
    cgroup_usage_bytes: parseUsage(read(`${own.path}/${usage}`), notes),
    cgroup_limit_bytes: smallestLimit(limits.flat(), hidden, notes),
    cgroup_oom_kill: readKills(
      reader,
      kills.map((file) => `${own.path}/${file}`),
      notes,
    ),
  };
}

function smallestLimit(limits: readonly MemoryLimit[], hidden: number, notes: Notes): number | null {
  const bad = limits.find((limit) => limit.bad !== null);
  // What that limit is nobody knows, so neither what the smallest is.
  if (bad) notes.bad('cgroup_limit_bytes', bad.bad!);
  const smallest = Math.min(hidden, ...limits.map(({ limitBytes }) => limitBytes));
  return bad || smallest === Infinity ? null : smallest;
}

function parseUsage(text: string | null, notes: Notes): number | null {
  if (text === null) return null;
  const usage = parseColumn('cgroup_usage_bytes', text.trim());
  if (usage === null) notes.bad('cgroup_usage_bytes', text.trim());
  return usage;
}

/** The first file that has the line; a kernel without any, or one that keeps it secret, is no failure. */
function readKills(reader: ProcReader, paths: readonly string[], notes: Notes): number | null {
  for (const path of paths) {
    try {
      const line = findKills(readText(reader, path) ?? '');
      if (line !== null) return parseKills(line, notes);
    } catch (error) {
      if (!isDenied((error as Error).cause)) notes.failed(error);
    }
  }
  return null;
}

/** What follows `oom_kill ` in memory.events or memory.oom_control; null when the kernel has no such line. */
function findKills(text: string): string | null {
  return /^oom_kill (.*)$/m.exec(text)?.[1] ?? null;
}

function parseKills(text: string, notes: Notes): number | null {
  const kills = parseColumn('cgroup_oom_kill', text);
  if (kills === null) notes.bad('cgroup_oom_kill', `oom_kill ${text}`);
  return kills;
}

/** Null where there is no such file or its cgroup is gone. @throws RuvectorError `ERR_COLLECT_READ` */
function readText(reader: ProcReader, path: string, size: 'one' | 'all' = 'one'): string | null {
  try {
    return Buffer.from(size === 'all' ? reader.readAll(path) : reader.read(path)).toString();
  } catch (error) {
    if (['ENOENT', 'ESRCH', 'ENODEV', 'ENOTDIR'].includes(systemCodeOf(error) ?? '')) return null;
    throw readError(path, error);
  }
}
