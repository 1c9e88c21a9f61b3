// Starts and stops the demo's child, inside a memory cgroup where one may be made.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rm, statfs } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { demoStageError } from '../errors.ts';
import { createPressureCgroup } from './pressure-cgroup.ts';

/** With what Node takes itself this is 86 % of the limit: less than a fifth is left for files. */
const ANON_MIB = 640;
/** Where nothing limits it, the child leaves the host's memory to others. */
const SELF_EVICT_ANON_MIB = 192;
const LIMIT_BYTES = 768 * 2 ** 20;
const FILES = ['hot.bin', 'archive.bin', 'scratch.bin'];

/** The running child. */
export interface Workload extends AsyncDisposable {
  readonly pid: number;
  readonly child: ChildProcess;
  readonly pressure: 'cgroup' | 'self-evict';
  readonly limitBytes: number | null;
  /** What its cgroup holds now, file pages included; null without one. */
  usageBytes(): number | null;
  /** The phase it reported last. */
  readonly phase: string;
  /** Phases it has reported so far. */
  readonly phases: number;
  /** Rejects when the child ends before it is told to. */
  readonly ended: Promise<never>;
}

/** Starts the child and waits until its memory is in place. @throws DemoStageError when it does not come up, or where files would lie in memory */
export async function startWorkload(directory: string): Promise<Workload> {
  await refuseMemoryFolder(directory);
  const cleanup = new AsyncDisposableStack();
  const cgroup = createPressureCgroup(LIMIT_BYTES);
  if (cgroup) cleanup.defer(() => cgroup.remove());
  const child = spawnChild(directory, cgroup === null);
  cleanup.defer(() => stop(child));
  cleanup.defer(async () => {
    for (const name of FILES) await rm(join(directory, name), { force: true });
  });
  try {
    if (child.pid === undefined) throw demoStageError('workload', 'the child process did not start');
    cgroup?.add(child.pid);
    const seen = { phases: 0, phase: '' };
    const ended = failWhenEnded(child);
    await Promise.race([readPhases(child, seen), ended]);
    return {
      pid: child.pid,
      child,
      pressure: cgroup ? 'cgroup' : 'self-evict',
      limitBytes: cgroup ? LIMIT_BYTES : null,
      usageBytes: () => cgroup?.usageBytes() ?? null,
      ended,
      get phase() {
        return seen.phase;
      },
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

const TMPFS = 0x01021994;
const RAMFS = 0x858458f6;

/** Files that live in memory are no clean pages: page-out frees nothing of them, and under a limit they end the child. */
async function refuseMemoryFolder(directory: string): Promise<void> {
  const { type } = await statfs(directory);
  if (type !== TMPFS && type !== RAMFS) return;
  throw demoStageError(
    'workload',
    `"${directory}" is in memory (tmpfs), and the demo needs files on a disk; choose another folder with --output`,
  );
}

function spawnChild(directory: string, isSelfEvicting: boolean): ChildProcess {
  const script = fileURLToPath(new URL(`./workload${extname(import.meta.filename)}`, import.meta.url));
  const args = [
    '--directory',
    directory,
    '--anon-mib',
    String(isSelfEvicting ? SELF_EVICT_ANON_MIB : ANON_MIB),
  ];
  return spawn(
    process.execPath,
    ['--expose-gc', script, ...args, ...(isSelfEvicting ? ['--self-evict'] : [])],
    // The ipc channel ends the child when this process dies, however it dies.
    { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] },
  );
}

/** Counts phases and keeps the last one; resolves at the first. */
function readPhases(child: ChildProcess, seen: { phases: number; phase: string }): Promise<void> {
  return new Promise((resolve) => {
    createInterface({ input: child.stdout! }).on('line', (line) => {
      seen.phases++;
      seen.phase = (JSON.parse(line) as { phase: string }).phase;
      resolve();
    });
  });
}

function failWhenEnded(child: ChildProcess): Promise<never> {
  const ended = new Promise<never>((_, reject) => {
    child.once('error', (error) => reject(demoStageError('workload', error.message, error)));
    child.once('exit', (code, signal) =>
      reject(demoStageError('workload', `the child ended by itself (${signal ?? `exit code ${code}`})`)),
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
