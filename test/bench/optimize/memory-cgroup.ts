// Memory cgroups of the benchmark: cgroup v1 (memory.limit_in_bytes) or v2 (memory.max), removed with
// whatever still runs in them.
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { killSync, undoAtExit, waitSync } from './undo.ts';

/** A cgroup with a limit that can be moved. */
export interface MemoryCgroup extends Disposable {
  readonly path: string;
  usageBytes(): number;
  /** Infinity takes the limit away. */
  setLimit(bytes: number): void;
}

interface Version {
  readonly root: string;
  readonly limit: string;
  readonly usage: string;
  readonly unlimited: string;
}

const ROOT = '/sys/fs/cgroup';

function findVersion(): Version | string {
  const v1 = join(ROOT, 'memory');
  if (existsSync(join(v1, 'memory.limit_in_bytes')))
    return { root: v1, limit: 'memory.limit_in_bytes', usage: 'memory.usage_in_bytes', unlimited: '-1' };
  const control = join(ROOT, 'cgroup.subtree_control');
  if (!existsSync(control)) return `no memory cgroups are mounted at ${ROOT}`;
  if (!readFileSync(control, 'utf8').split(/\s/).includes('memory'))
    return `the memory controller is not enabled in ${control}`;
  return { root: ROOT, limit: 'memory.max', usage: 'memory.current', unlimited: 'max' };
}

/** Why no cgroup can be made here; null when one can. */
export function whyNoCgroup(): string | null {
  const version = findVersion();
  if (typeof version === 'string') return version;
  return process.getuid?.() === 0 ? null : 'only root may make memory cgroups';
}

/**
 * Makes one without a limit.
 * @throws Error where {@link whyNoCgroup} says so
 */
export function createMemoryCgroup(name: string): MemoryCgroup {
  const version = findVersion();
  if (typeof version === 'string') throw new Error(`Cannot make a cgroup: ${version}`);
  const path = join(version.root, `memopt-bench-${process.pid}-${name}`);
  mkdirSync(path);
  const remove = undoAtExit(() => removeCgroup(path));
  return {
    path,
    usageBytes: () => Number(readFileSync(join(path, version.usage), 'utf8')),
    setLimit: (bytes) =>
      writeFileSync(
        join(path, version.limit),
        Number.isFinite(bytes) ? String(Math.floor(bytes)) : version.unlimited,
      ),
    [Symbol.dispose]: remove,
  };
}

/** Only processes that this benchmark started ever join. */
function removeCgroup(path: string): void {
  for (const pid of readFileSync(join(path, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean))
    killSync(Number(pid));
  for (let attempt = 0; ; attempt++) {
    try {
      return rmdirSync(path);
    } catch (error) {
      // The kernel needs a moment after the last process ended.
      if (attempt === 100) throw error;
      waitSync(20);
    }
  }
}
