// A memory cgroup of our own around the demo's child, so that the kernel really reclaims.
// Needs write access to the memory controller (root, v1 or v2); without it the child gives back
// its own pages instead. Holds only the child, and is removed again with it.
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { memoryFiles } from '../../procfs/index.ts';

/** A limit around some processes. */
export interface PressureCgroup {
  readonly path: string;
  add(pid: number): void;
  /** Bytes charged to it now; null when that cannot be read. */
  usageBytes(): number | null;
  /** Removes the cgroup; its processes must have ended. */
  remove(): Promise<void>;
}

interface Hierarchy {
  readonly root: string;
  readonly files: (typeof memoryFiles)[1 | 2];
}

/** Where a memory limit could be set on this host: cgroup v1, or v2 with the memory controller handed down. */
function findHierarchy(cgroupRoot: string): Hierarchy | null {
  const v1 = join(cgroupRoot, 'memory');
  if (existsSync(join(v1, memoryFiles[1].limits[0]))) return { root: v1, files: memoryFiles[1] };
  const handedDown = join(cgroupRoot, 'cgroup.subtree_control');
  const isV2 = existsSync(handedDown) && readFileSync(handedDown, 'utf8').includes('memory');
  return isV2 ? { root: cgroupRoot, files: memoryFiles[2] } : null;
}

/** Creates the cgroup, or returns null where this user may not. */
export function createPressureCgroup(
  limitBytes: number,
  cgroupRoot = '/sys/fs/cgroup',
): PressureCgroup | null {
  const hierarchy = findHierarchy(cgroupRoot);
  if (!hierarchy) return null;
  const path = join(hierarchy.root, `ruvector-demo-${process.pid}`);
  try {
    mkdirSync(path);
  } catch {
    return null; // not ours to write: the caller falls back to a child that evicts itself
  }
  const cgroup: PressureCgroup = {
    path,
    add: (pid) => writeFileSync(join(path, 'cgroup.procs'), String(pid)),
    usageBytes: () => readBytes(join(path, hierarchy.files.usage)),
    remove: () => removeWhenEmpty(path),
  };
  try {
    writeFileSync(join(path, hierarchy.files.limits[0]), String(limitBytes));
    return cgroup;
  } catch {
    rmdirSync(path);
    return null;
  }
}

function readBytes(path: string): number | null {
  try {
    return Number(readFileSync(path, 'utf8'));
  } catch {
    return null;
  }
}

/** The kernel needs a moment after the last process ended before a cgroup counts as empty. */
async function removeWhenEmpty(path: string): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      rmdirSync(path);
      return;
    } catch (error) {
      if (!existsSync(path)) return;
      if (attempt >= 50) throw error;
      await sleep(100);
    }
  }
}
