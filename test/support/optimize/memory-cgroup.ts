// A cgroup v1 with a memory limit for one test, removed in every exit path.
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseMemoryMounts } from '../../../src/procfs/index.ts';

/** A cgroup of the test's own. */
export interface TestCgroup extends AsyncDisposable {
  readonly path: string;
}

let made = 0;

/** Makes one; null on a host that has no cgroup v1 with memory, or does not let us. */
export function makeMemoryCgroup(limitMib: number): TestCgroup | null {
  const mounts = parseMemoryMounts(readFileSync('/proc/self/mountinfo', 'utf8'));
  const mount = mounts.find(({ version }) => version === 1);
  if (mount === undefined) return null;
  const path = join(mount.mountPoint, `memopt-test-${process.pid}-${made++}`);
  try {
    mkdirSync(path);
  } catch {
    return null;
  }
  const remove = (): void => {
    try {
      rmdirSync(path);
    } catch {
      // It is removed already, or a child of this test is still ending in it.
    }
  };
  process.once('exit', remove);
  try {
    writeFileSync(join(path, 'memory.limit_in_bytes'), String(limitMib * 2 ** 20));
  } catch {
    remove();
    return null;
  }
  return {
    path,
    async [Symbol.asyncDispose]() {
      for (let i = 0; i < 50 && readProcesses(path) !== ''; i++) await sleep(20);
      remove();
      process.off('exit', remove);
    },
  };
}

function readProcesses(path: string): string {
  try {
    return readFileSync(join(path, 'cgroup.procs'), 'utf8');
  } catch {
    return '';
  }
}
