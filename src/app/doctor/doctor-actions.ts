// What an action would really be allowed to do for this user: each system call of one is tried on a child process that
// is started for it, on one page. What the kernel asks for (mm/madvise.c, mm/mincore.c, fs/proc/task_mmu.c):
// process_madvise: Linux 5.10, CAP_SYS_NICE and, since 5.12, ptrace access to read (before: to attach); that is the same
// user and a dumpable process, or CAP_SYS_PTRACE. process_vm_readv: ptrace access to attach, which Yama limits further.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs';
import { getSystemErrorName } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemCodeOf } from '../../core/index.ts';
import { createHostReaders, createSyscalls } from '../../optimize/index.ts';
import type { SyscallResult, Syscalls } from '../../optimize/index.ts';
import { parseMemoryMounts, readIfPossible, readMemoryFolders } from '../../procfs/index.ts';
import type { Check } from './check.ts';

const readers = createHostReaders();
const SECCOMP =
  'let the container have pidfd_open, process_madvise and process_vm_readv (its seccomp profile), kernel 5.10 or newer';
const CAPABILITIES =
  'run it as root, or as a service with AmbientCapabilities=CAP_SYS_NICE CAP_SYS_PTRACE (serve --print-unit has the line)';

/** One page of a child of ours that only waits. */
interface Trial {
  readonly calls: Syscalls;
  readonly pid: number;
  /** Address of a page in memory that the child wrote. */
  readonly page: number;
}

/** The checks of actions. */
export const actionChecks: readonly Check[] = [
  {
    name: 'Page-out of a process',
    severity: 'limited',
    costs: 'no process can be acted on: decisions are dry runs',
    fix: `${CAPABILITIES}; or ${SECCOMP}`,
    look: () =>
      onChild(async (trial) => {
        pageOut(trial, 1);
        return 'a page of a child process was handed to the kernel';
      }),
  },
  {
    name: 'Other users’ processes',
    severity: 'limited',
    costs: `only processes of this user can be acted on${describeOwnUser()}`,
    fix: CAPABILITIES,
    look: async () => {
      const missing = ['CAP_SYS_NICE', 'CAP_SYS_PTRACE'].filter((name) => !hasCapability(name));
      if (missing.length > 0) throw new Error(`without ${missing.join(' and ')}`);
      return 'CAP_SYS_NICE and CAP_SYS_PTRACE are there';
    },
  },
  {
    name: 'Page tables (pagemap)',
    severity: 'limited',
    costs: 'what was freed cannot be told: outcomes are unknown, and quiet memory is not found',
    fix: 'mount /proc without hidepid and subset=pid, or act on processes of this user',
    look: () =>
      onChild(async ({ pid, page }) => {
        if (readFlags(pid, page) === 0) throw new Error('it says that a page in memory is in none');
        return 'tells for a child which pages are in memory and which are in swap';
      }),
  },
  {
    name: 'Bringing back',
    severity: 'limited',
    costs: 'pages that are about to be used cannot be brought back before; the process waits for them itself',
    fix: `${CAPABILITIES}; sysctl kernel.yama.ptrace_scope=${readYama() ?? 0} lets ${yamaMeaning()}`,
    look: () =>
      onChild(async ({ calls, pid, page }) => {
        expectDone('process_vm_readv', calls.touchPages(pid, [page]));
        if (!hasCapability('CAP_SYS_PTRACE') && (readYama() ?? 0) > 0)
          throw new Error(`allowed on children only: kernel.yama.ptrace_scope is ${readYama()}`);
        return 'a page of a child process was read';
      }),
  },
  {
    name: 'Page cache (mincore)',
    severity: 'limited',
    costs:
      'of mapped files that are neither yours nor writable, what is cached cannot be told: their outcome is unknown',
    fix: 'run it as root, or as a service with AmbientCapabilities=CAP_FOWNER',
    look: async () => {
      const file = process.execPath;
      if (!canAskMincore(file)) throw new Error(`the kernel answers "all in memory" for "${file}"`);
      return `may be asked for "${file}"`;
    },
  },
  {
    name: 'Reclaim of a cgroup',
    severity: 'limited',
    costs: 'cgroups cannot be acted on as a whole; the processes in them can',
    fix: 'cgroup v2 with the memory controller, kernel 5.19 or newer, delegated to this user (systemd: Delegate=memory)',
    look: async () => {
      const file = `${findOwnCgroup()}/memory.reclaim`;
      if (!existsSync(file)) throw new Error(`there is no ${file}${describeV1()}`);
      accessSync(file, constants.W_OK);
      return `${file} may be written`;
    },
  },
];

/** Starts a child that waits for its input and ends with us, and looks at a page of its heap. */
async function onChild<T>(look: (trial: Trial) => Promise<T>): Promise<T> {
  const calls = await createSyscalls();
  const child = spawn('cat', { stdio: ['pipe', 'ignore', 'ignore'] });
  try {
    const pid = await pidOf(child);
    return await look({ calls, pid, page: await findHeapPage(pid) });
  } finally {
    child.kill('SIGKILL');
    if (child.pid !== undefined && child.exitCode === null) await once(child, 'close');
  }
}

function pidOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', reject).once('spawn', () => resolve(child.pid!));
  });
}

const TRIES = 50;

/** The child is another program only once it has become that; then its heap is there soon. */
async function findHeapPage(pid: number): Promise<number> {
  for (let tries = 1; ; tries++) {
    const maps = readFileSync(`/proc/${pid}/maps`, 'utf8');
    const heap = /^([0-9a-f]+)-[0-9a-f]+ rw\S+ .*\[heap\]$/m.exec(maps);
    const isReady = readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'cat';
    if (heap && isReady) return Number.parseInt(heap[1]!, 16);
    if (tries === TRIES) throw new Error('the child process has no heap to look at');
    await sleep(10);
  }
}

function pageOut({ calls, pid, page }: Trial, pages: number): void {
  const pidfd = expectDone('pidfd_open', calls.pidfdOpen(pid));
  try {
    const range = new BigUint64Array([BigInt(page), BigInt(pages * readers.pageSizeBytes)]);
    expectDone('process_madvise', calls.processMadvise(pidfd, range, 'pageout'));
  } finally {
    calls.close(pidfd);
  }
}

/** @throws Error that names the call and what refuses it */
function expectDone(call: string, { value, errno }: SyscallResult): number {
  if (value >= 0) return value;
  const name = getSystemErrorName(-errno);
  throw new Error(`${call} is refused: ${name}${reasons[`${call} ${name}`] ?? reasons[name] ?? ''}`);
}

const reasons: Readonly<Record<string, string>> = {
  ENOSYS: ', which this kernel or a seccomp filter does not have',
  'process_madvise EPERM': ', because CAP_SYS_NICE is missing or a seccomp filter forbids it',
  'pidfd_open EPERM': ', because a seccomp filter forbids it',
  'process_vm_readv EPERM': ', because Yama or a seccomp filter forbids it',
};

function readFlags(pid: number, page: number): number {
  const pagemap = readers.openPagemap(pid);
  try {
    const flags = pagemap?.read(page, 1);
    if (!flags) throw new Error('it may not be read');
    return flags[0]!;
  } finally {
    pagemap?.close();
  }
}

/** include/uapi/linux/capability.h */
const capabilities = { CAP_FOWNER: 3, CAP_SYS_PTRACE: 19, CAP_SYS_NICE: 23 } as const;

function hasCapability(name: string): boolean {
  const bit = capabilities[name as keyof typeof capabilities];
  const set = /^CapEff:\s*([0-9a-f]+)$/m.exec(readText('/proc/self/status'))?.[1] ?? '0';
  return ((BigInt(`0x${set}`) >> BigInt(bit)) & 1n) === 1n;
}

/** mm/mincore.c: the owner, who may write, and CAP_FOWNER. */
function canAskMincore(path: string): boolean {
  if (statSync(path).uid === process.geteuid?.() || hasCapability('CAP_FOWNER')) return true;
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch (error) {
    // Somebody runs it now: that would be allowed to write it.
    return systemCodeOf(error) === 'ETXTBSY';
  }
}

/** https://docs.kernel.org/admin-guide/LSM/Yama.html; null without Yama. */
function readYama(): number | null {
  const text = readText('/proc/sys/kernel/yama/ptrace_scope');
  return text === '' ? null : Number(text);
}

function yamaMeaning(): string {
  return (
    ['every process of the user be read', 'only children be read', 'root alone read others'][
      readYama() ?? 0
    ] ?? 'nobody read others'
  );
}

/** Folder of our own cgroup v2. @throws Error where there is none */
function findOwnCgroup(): string {
  const own = readMemoryFolders('self').find(({ version }) => version === 2)?.folders[0];
  if (own === undefined) throw new Error('there is no cgroup v2 here');
  return own;
}

/** v1 has force_empty alone, which takes a whole cgroup at once: nothing to act with in small steps. */
function describeV1(): string {
  const isV1 = parseMemoryMounts(readText('/proc/self/mountinfo')).some(({ version }) => version === 1);
  return isV1 ? ': the memory controller is of cgroup v1, which cannot be asked for a part' : '';
}

function describeOwnUser(): string {
  return typeof process.geteuid === 'function' ? ` (uid ${process.geteuid()})` : '';
}

function readText(path: string): string {
  return readIfPossible(path) ?? '';
}
