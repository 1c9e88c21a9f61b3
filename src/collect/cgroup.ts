// Usage, limit and OOM kills of this process's own memory cgroup, version 1 or 2. The limit is the one in force:
// the smallest of this cgroup's and its ancestors', as far as they can be seen (a container with a cgroup
// namespace sees none above its own). https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files
import { systemCodeOf } from '../core/index.ts';
import {
  findFlatValue,
  listMemoryFolders,
  memoryFiles,
  parseHierarchicalLimit,
  parseMemoryMounts,
  readMemoryLimit,
  readMemoryLimits,
} from '../procfs/index.ts';
import type { MemoryLimit, MemoryMount, ReadText } from '../procfs/index.ts';
import { parseColumn } from './column-range.ts';
import { readError } from './errors.ts';
import type { Notes } from './part-notes.ts';
import type { ProcReader } from './proc-reader.ts';

/** The cgroup columns of a memory snapshot. */
export interface CgroupColumns {
  readonly cgroup_usage_bytes: number | null;
  /** Null when unlimited. */
  readonly cgroup_limit_bytes: number | null;
  /** Processes of this cgroup that an OOM killer ended, whoever's limit it was; null before Linux 4.13. */
  readonly cgroup_oom_kill: number | null;
}

/** CgroupMemory with every column null: no memory cgroup, or its root. */
export const emptyCgroup: CgroupColumns = {
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

/** The files that count OOM kills, by version. */
const killFiles = {
  1: ['memory.oom_control'],
  // Since Linux 5.2 there is a file without the kills in cgroups below, which have limits of their own.
  2: ['memory.events.local', 'memory.events'],
} as const;

/** Which cgroups count seldom changes, and finding out costs ten times as much as reading them. */
const PLACE_STANDS_SAMPLES = 60;

/** Where the process's pages count. */
interface Place {
  /** /proc/self/cgroup, by which a move is seen. */
  readonly membership: string;
  /** Its own cgroup; null without one that has figures. */
  readonly own: Pick<MemoryLimit, 'path' | 'version'> | null;
  /** Every cgroup whose limit is in force. */
  readonly limiting: readonly Pick<MemoryLimit, 'path' | 'version'>[];
  /** The limit of ancestors that cannot be seen. */
  readonly hiddenBytes: number;
}

/**
 * Creates the reader of this process's memory cgroup. Where that is, is looked up when the process was moved, when
 * something cannot be read any more, and every 60th time.
 */
export function createCgroupReader(
  reader: ProcReader,
  places: CgroupPlaces,
): (notes: Notes) => CgroupColumns {
  let place: Place | null = null;
  let age = 0;
  return (notes) => {
    const membership = readText(reader, `${places.procRoot}/self/cgroup`);
    if (membership === null) return emptyCgroup; // a kernel without cgroups has no such file
    // A file that may not be read, or fails to be, is as if it were not there; only then it is noted.
    const read = (path: string): string | null => {
      try {
        return readText(reader, path);
      } catch (error) {
        notes.failed(error);
        return null;
      }
    };
    if (place?.membership !== membership || age++ >= PLACE_STANDS_SAMPLES) {
      place = findPlace(membership, readMounts(reader, places), read);
      age = 0;
    }
    if (place.own === null) return emptyCgroup;
    const columns = readCgroupMemory(place, place.own, read, notes);
    if (columns.cgroup_usage_bytes === null) place = null;
    return columns;
  };
}

function findPlace(membership: string, mounts: readonly MemoryMount[], read: ReadText): Place {
  // Several mounts can show the process, and each other ancestors of it: every limit seen is in force.
  const chains = listMemoryFolders(mounts, membership).map((folders) => readMemoryLimits(folders, read));
  const own = chains.find((chain) => chain.length > 0)?.[0] ?? null;
  const stat = own?.version === 1 ? read(`${own.path}/memory.stat`) : null;
  return { membership, own, limiting: chains.flat(), hiddenBytes: parseHierarchicalLimit(stat ?? '') };
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

function readCgroupMemory(
  { limiting, hiddenBytes }: Place,
  { path, version }: NonNullable<Place['own']>,
  read: ReadText,
  notes: Notes,
): CgroupColumns {
  const limits = limiting.map((each) => readMemoryLimit(each.path, each.version, read));
  return {
    cgroup_usage_bytes: parseUsage(read(`${path}/${memoryFiles[version].usage}`), notes),
    cgroup_limit_bytes: smallestLimit(limits, hiddenBytes, notes),
    cgroup_oom_kill: readKills(path, killFiles[version], read, notes),
  };
}

function smallestLimit(
  limits: readonly (MemoryLimit | null)[],
  hiddenBytes: number,
  notes: Notes,
): number | null {
  const bad = limits.find((limit) => limit && limit.bad !== null)?.bad;
  // What that limit is nobody knows, so neither what the smallest is.
  if (bad) notes.bad('cgroup_limit_bytes', bad);
  const smallest = limits.reduce(
    (least, limit) => Math.min(least, limit?.limitBytes ?? Infinity),
    hiddenBytes,
  );
  return bad || smallest === Infinity ? null : smallest;
}

function parseUsage(text: string | null, notes: Notes): number | null {
  if (text === null) return null;
  const usage = parseColumn('cgroup_usage_bytes', text.trim());
  if (usage === null) notes.bad('cgroup_usage_bytes', text.trim());
  return usage;
}

/** The first file that has the line; a kernel without any is no failure. */
function readKills(folder: string, files: readonly string[], read: ReadText, notes: Notes): number | null {
  for (const file of files) {
    const text = findFlatValue(read(`${folder}/${file}`) ?? '', 'oom_kill');
    if (text !== null) return parseKills(text, notes);
  }
  return null;
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
