// Processes that use memory while the page looks on: one under a name of any bytes, one in want of memory.
import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { createPressureCgroup } from '../../../src/app/demo/pressure-cgroup.ts';
import { python } from '../python.ts';

const script = join(import.meta.dirname, 'memory_user.py');

/** Holds resident memory under a name of at most 15 bytes. */
export async function holdMemory(mib: number, name: string): Promise<AsyncDisposable & { pid: number }> {
  const child = await startUser(['hold', String(mib), Buffer.from(name).toString('hex')]);
  return { pid: child.pid!, [Symbol.asyncDispose]: () => end(child) };
}

/** Wants more page cache than its cgroup may hold: tasks wait for memory, pages are read again and again. */
export async function thrash(folder: string): Promise<AsyncDisposable> {
  const cgroup = createPressureCgroup(32 << 20);
  if (cgroup === null) throw new Error('no memory cgroup may be made here');
  const file = join(folder, 'thrash.bin');
  const child = await startUser(['thrash', file, '128'], (pid) => cgroup.add(pid));
  return {
    async [Symbol.asyncDispose]() {
      await end(child);
      await cgroup.remove();
      await rm(file, { force: true });
    },
  };
}

type User = ChildProcessByStdio<Writable, Readable, null>;

async function startUser(args: readonly string[], prepare?: (pid: number) => void): Promise<User> {
  const child = spawn(python, [script, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  prepare?.(child.pid!);
  await once(child.stdout, 'data');
  return child;
}

async function end(child: User): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = once(child, 'exit');
  child.stdin.end();
  await ended;
}
