// Starts and stops the demo's child, inside a memory cgroup where one may be made.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { DemoStageError } from '../errors.ts';
import { createPressureCgroup } from './pressure-cgroup.ts';

const FILE_MIB = 384;
const ANON_MIB = 320;
/** Holds the file and half of the growth: the kernel has to reclaim from the middle of it on. */
const LIMIT_BYTES = 540 * 2 ** 20;

/** The running child. */
export interface Workload extends AsyncDisposable {
  readonly pid: number;
  readonly child: ChildProcess;
  readonly pressure: 'cgroup' | 'self-evict';
  readonly limitBytes: number | null;
  /** Phases it has reported so far. */
  readonly phases: number;
  /** Rejects when the child ends before it is told to. */
  readonly ended: Promise<never>;
}

/** Starts the child and waits until its memory is in place. @throws DemoStageError when it does not come up */
export async function startWorkload(directory: string): Promise<Workload> {
  const cleanup = new AsyncDisposableStack();
  const cgroup = createPressureCgroup(LIMIT_BYTES);
  if (cgroup) cleanup.defer(() => cgroup.remove());
  const child = spawnChild(directory, cgroup === null);
  cleanup.defer(() => stop(child));
  cleanup.defer(() => rm(join(directory, 'workload.bin'), { force: true }));
  try {
    if (child.pid === undefined) throw new DemoStageError('workload', 'the child process did not start');
    cgroup?.add(child.pid);
    const seen = { phases: 0 };
    const ended = failWhenEnded(child);
    await Promise.race([readPhases(child, seen), ended]);
    return {
      pid: child.pid,
      child,
      pressure: cgroup ? 'cgroup' : 'self-evict',
      limitBytes: cgroup ? LIMIT_BYTES : null,
      ended,
      get phases() {
        return seen.phases;
      },
      [Symbol.asyncDispose]: () => cleanup.disposeAsync(),
    };
  } catch (error) {
    await cleanup.disposeAsync();
    throw error;
  }
}

function spawnChild(directory: string, isSelfEvicting: boolean): ChildProcess {
  const script = fileURLToPath(new URL(`./workload${extname(import.meta.filename)}`, import.meta.url));
  const args = ['--directory', directory, '--file-mib', String(FILE_MIB), '--anon-mib', String(ANON_MIB)];
  return spawn(
    process.execPath,
    ['--expose-gc', script, ...args, ...(isSelfEvicting ? ['--self-evict'] : [])],
    // The ipc channel ends the child when this process dies, however it dies.
    { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] },
  );
}

/** Counts phases; resolves at the first one. */
function readPhases(child: ChildProcess, seen: { phases: number }): Promise<void> {
  return new Promise((resolve) => {
    createInterface({ input: child.stdout! }).on('line', () => {
      seen.phases++;
      resolve();
    });
  });
}

function failWhenEnded(child: ChildProcess): Promise<never> {
  const ended = new Promise<never>((_, reject) => {
    child.once('error', (error) => reject(new DemoStageError('workload', error.message, error)));
    child.once('exit', (code, signal) =>
      reject(new DemoStageError('workload', `the child ended by itself (${signal ?? `exit code ${code}`})`)),
    );
  });
  ended.catch(() => undefined); // it also ends when we stop it, and then nobody waits
  return ended;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}
