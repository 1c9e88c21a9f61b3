// Usage, limit and OOM kills of this process's own memory cgroup, version 1 or 2. Limits of ancestors are
// not looked at. https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files
import { parseError, readError } from './errors.ts';
import { parseDigits, toLatin1 } from './keyed-numbers.ts';
import { isDenied, isGone } from './proc-reader.ts';
import type { ProcReader } from './proc-reader.ts';

/** The cgroup columns of a memory snapshot. */
export interface CgroupMemory {
  readonly cgroup_usage_bytes: number | null;
  /** Null when unlimited. */
  readonly cgroup_limit_bytes: number | null;
  /** Processes of this cgroup that an OOM killer ended, whoever's limit it was; null before Linux 4.13. */
  readonly cgroup_oom_kill: number | null;
}

/** Where the process sits, as /proc/PID/cgroup tells it. */
export interface CgroupMembership {
  /** Path in the version 1 memory hierarchy; null when memory is not a version 1 controller. */
  readonly v1MemoryPath: string | null;
  /** Path in the version 2 hierarchy; null when there is none. */
  readonly v2Path: string | null;
}

/** The files of one memory cgroup. */
export interface CgroupFiles {
  readonly usage: string;
  readonly limit: string;
  /** Files with a line `oom_kill <n>`, the best first. */
  readonly kills: readonly string[];
}

/** CgroupMemory with every column null: no memory cgroup, or its root. */
export const emptyCgroup: CgroupMemory = {
  cgroup_usage_bytes: null,
  cgroup_limit_bytes: null,
  cgroup_oom_kill: null,
};

/**
 * Finds the files of this process's memory cgroup.
 * @returns null where there is no memory cgroup or the process is in the version 2 root, which has no figures
 * @throws RuvectorError `ERR_COLLECT_READ`, `ERR_COLLECT_PARSE`
 */
export function readCgroupFiles(
  reader: ProcReader,
  procRoot: string,
  cgroupRoot: string,
): CgroupFiles | null {
  const path = `${procRoot}/self/cgroup`;
  let bytes: Uint8Array;
  try {
    bytes = reader.read(path);
  } catch (error) {
    if (isGone(error)) return null; // a kernel without cgroups has no such file
    throw readError(path, error);
  }
  const candidates = buildCandidates(parseCgroup(bytes), cgroupRoot);
  return candidates.find((files) => canRead(reader, files)) ?? null;
}

/**
 * Creates the reader of usage and limit. The cgroup is looked up once, and again after a failure,
 * because a process is rarely moved and the look-up costs as much as the rest.
 */
export function createCgroupReader(
  reader: ProcReader,
  procRoot: string,
  cgroupRoot: string,
): () => CgroupMemory {
  let files: CgroupFiles | null | undefined;
  return () => {
    if (files === undefined) files = readCgroupFiles(reader, procRoot, cgroupRoot);
    if (!files) return emptyCgroup;
    try {
      return readCgroupMemory(reader, files);
    } catch (error) {
      files = undefined;
      throw error;
    }
  };
}

// @throws RuvectorError `ERR_COLLECT_READ`, `ERR_COLLECT_PARSE`
function readCgroupMemory(reader: ProcReader, files: CgroupFiles): CgroupMemory {
  const usage = parseCgroupBytes(readFile(reader, files.usage));
  const limit = parseCgroupBytes(readFile(reader, files.limit));
  return {
    cgroup_usage_bytes: usage,
    cgroup_limit_bytes: limit,
    cgroup_oom_kill: readKills(reader, files.kills),
  };
}

/** The first file that has the line; a kernel without any, or one that keeps it secret, is no failure. */
function readKills(reader: ProcReader, paths: readonly string[]): number | null {
  for (const path of paths) {
    try {
      const kills = parseOomKills(reader.read(path));
      if (kills !== null) return kills;
    } catch (error) {
      if (!isGone(error) && !isDenied(error)) throw readError(path, error);
    }
  }
  return null;
}

/** Parses `oom_kill <n>` out of memory.events or memory.oom_control; null when the kernel has no such line. */
export function parseOomKills(bytes: Uint8Array): number | null {
  const [, count] = /^oom_kill (\d{1,15})$/m.exec(toLatin1(bytes)) ?? [];
  return count === undefined ? null : Number(count);
}

/** Parses /proc/PID/cgroup: lines of `hierarchy:controllers:path`. @throws RuvectorError `ERR_COLLECT_PARSE` */
export function parseCgroup(bytes: Uint8Array): CgroupMembership {
  const text = Buffer.from(bytes).toString('utf8');
  let v1MemoryPath: string | null = null;
  let v2Path: string | null = null;
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const [, id, controllers, path] = /^(\d+):([^:]*):(\/.*)$/.exec(line) ?? [];
    if (path === undefined) throw parseError('/proc/self/cgroup', line);
    if (id === '0' && controllers === '') v2Path = path;
    if (controllers?.split(',').includes('memory')) v1MemoryPath = path;
  }
  return { v1MemoryPath, v2Path };
}

/**
 * Parses a usage or limit file.
 * @returns bytes, or null for `max` and for version 1's page-rounded 2^63 - 1, both of which mean unlimited
 * @throws RuvectorError `ERR_COLLECT_PARSE`
 */
export function parseCgroupBytes(bytes: Uint8Array): number | null {
  const text = toLatin1(bytes).trim();
  if (text === 'max') return null;
  if (!/^\d{1,20}$/.test(text)) throw parseError('cgroup memory file', text);
  return parseDigits(text);
}

// A container without its own cgroup namespace sees the host's path in /proc/self/cgroup while only
// its own subtree is mounted: then the mount's root is its cgroup, hence the second candidates.
// A path with `..` lies outside this namespace. On hybrid hosts version 2 is mounted at "unified".
function buildCandidates(membership: CgroupMembership, cgroupRoot: string): CgroupFiles[] {
  const { v1MemoryPath, v2Path } = membership;
  if (v1MemoryPath !== null) {
    return ownOrRoot(v1MemoryPath).map((folder) => v1Files(`${cgroupRoot}/memory${folder}`));
  }
  if (v2Path === null) return [];
  const mounts = [cgroupRoot, `${cgroupRoot}/unified`];
  return mounts.flatMap((mount) => ownOrRoot(v2Path).map((folder) => v2Files(`${mount}${folder}`)));
}

function ownOrRoot(path: string): string[] {
  const isInside = path !== '/' && !path.split('/').includes('..');
  return isInside ? [path, ''] : [''];
}

function v1Files(folder: string): CgroupFiles {
  return {
    usage: `${folder}/memory.usage_in_bytes`,
    limit: `${folder}/memory.limit_in_bytes`,
    kills: [`${folder}/memory.oom_control`],
  };
}

function v2Files(folder: string): CgroupFiles {
  return {
    usage: `${folder}/memory.current`,
    limit: `${folder}/memory.max`,
    // Since Linux 5.2 there is a file without the kills in cgroups below, which have limits of their own.
    kills: [`${folder}/memory.events.local`, `${folder}/memory.events`],
  };
}

function canRead(reader: ProcReader, files: CgroupFiles): boolean {
  try {
    reader.read(files.usage);
    return true;
  } catch (error) {
    if (isGone(error)) return false;
    throw readError(files.usage, error);
  }
}

function readFile(reader: ProcReader, path: string): Uint8Array {
  try {
    return reader.read(path);
  } catch (error) {
    throw readError(path, error);
  }
}
