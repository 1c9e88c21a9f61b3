// Where a process's memory cgroup is, version 1 or 2: the mounts of mountinfo, the path of /proc/PID/cgroup,
// and the folders that both together name.
// https://docs.kernel.org/admin-guide/cgroup-v2.html and .../cgroup-v1/memory.html
import { join } from 'node:path';
import { parseMounts } from './mounts.ts';
import { readOrNull } from './read-file.ts';

/** Where a hierarchy with the memory controller is mounted. */
export interface MemoryMount {
  readonly version: 1 | 2;
  readonly mountPoint: string;
  /** The cgroup that the mount point shows; not `/` inside a container. */
  readonly root: string;
}

/** A process's folder in one hierarchy, and those above it. */
export interface MemoryFolders {
  readonly version: 1 | 2;
  /** The process's own cgroup first, the mount point last. */
  readonly folders: readonly string[];
}

/** Parses /proc/self/mountinfo: the mounts that can hold memory cgroups, v1 first. */
export function parseMemoryMounts(text: string): MemoryMount[] {
  const mounts = parseMounts(text).flatMap(({ type, options, mountPoint, root }): MemoryMount[] => {
    // v1 controllers may be mounted together: `rw,cpu,memory`.
    if (type === 'cgroup' && options.includes('memory')) return [{ version: 1, mountPoint, root }];
    return type === 'cgroup2' ? [{ version: 2, mountPoint, root }] : [];
  });
  return mounts.toSorted((a, b) => a.version - b.version);
}

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
 * The folders of a process in every mount that shows it, v1 first. One hierarchy mounted twice comes twice.
 * @param cgroup text of /proc/PID/cgroup
 */
export function listMemoryFolders(mounts: readonly MemoryMount[], cgroup: string): MemoryFolders[] {
  return mounts.flatMap((mount) => {
    const path = parseCgroupPath(cgroup, mount.version);
    const folders = path === null ? [] : listFolders(mount, path);
    return folders.length === 0 ? [] : [{ version: mount.version, folders }];
  });
}

/** Reads the same of a process; none when it is gone. */
export function readMemoryFolders(pid: number | 'self', procRoot = '/proc'): MemoryFolders[] {
  const mountinfo = readOrNull(`${procRoot}/self/mountinfo`);
  const cgroup = readOrNull(`${procRoot}/${pid}/cgroup`);
  if (mountinfo === null || cgroup === null) return [];
  return listMemoryFolders(parseMemoryMounts(mountinfo), cgroup);
}
