// Starts the memory child and makes sure that it and its files are gone afterwards.
import { spawn } from 'node:child_process';
import { mkdtemp, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { python } from '../python.ts';

/** What the child holds, MiB. */
export interface MemoryChildSizes {
  readonly cleanMib?: number;
  readonly dirtyMib?: number;
  readonly anonMib?: number;
  /** Folder of a cgroup it starts in, so that its pages are charged there. */
  readonly cgroup?: string;
}

/** A running child. */
export interface MemoryChild extends AsyncDisposable {
  readonly pid: number;
  /** Reads every file page again. @returns milliseconds */
  touch(): Promise<number>;
  /** Reads them all the time, until `stopBusy`. */
  startBusy(): Promise<void>;
  /** @returns how often all of them were read */
  stopBusy(): Promise<number>;
  /** Pages of its files that are in the page cache (mincore): the truth that outcomes are held against. */
  countCachedPages(): Promise<number>;
  kill(): Promise<void>;
}

const root = join(import.meta.dirname, '../../..');
const script = join(import.meta.dirname, 'memory-child.py');

const TMPFS_MAGICS = new Set([0x0102_1994, 0x8584_58f6]);

/** A folder on a real file system, where mapped pages are page cache; null on a host that has none. */
export async function makeDiskFolder(): Promise<string | null> {
  for (const parent of [tmpdir(), '/var/tmp', root]) {
    const type = await statfs(parent).then(
      (stats) => stats.type,
      () => null,
    );
    if (type !== null && !TMPFS_MAGICS.has(type)) return mkdtemp(join(parent, 'memopt-child-'));
  }
  return null;
}

/** Starts a child and resolves once its memory is resident. */
export async function startMemoryChild(sizes: MemoryChildSizes): Promise<MemoryChild> {
  const folder = (await makeDiskFolder()) ?? (await mkdtemp(join(tmpdir(), 'memopt-child-')));
  const amounts = [sizes.cleanMib ?? 0, sizes.dirtyMib ?? 0, sizes.anonMib ?? 0].map(String);
  const words = [python, script, join(folder, 'data'), ...amounts];
  const [program, ...rest] =
    sizes.cgroup === undefined
      ? words
      : ['sh', '-c', 'echo $$ > "$0/cgroup.procs" && exec "$@"', sizes.cgroup, ...words];
  const child = spawn(program!, rest, {
    stdio: ['pipe', 'pipe', 'inherit'],
    // No locale archive: it would be a mapped file of its own.
    env: { ...process.env, LC_ALL: 'C', PYTHONCOERCECLOCALE: '0' },
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const next = async (): Promise<string> => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error('the memory child ended early');
    return value;
  };
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exited;
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await next();
  } catch (error) {
    await kill();
    throw error;
  }
  const ask = async (command: string): Promise<number> => {
    child.stdin.write(`${command}\n`);
    return Number(await next());
  };
  return {
    pid: child.pid!,
    touch: () => ask('touch'),
    startBusy: async () => void (await ask('busy')),
    stopBusy: () => ask('idle'),
    countCachedPages: () => ask('resident'),
    kill,
    [Symbol.asyncDispose]: kill,
  };
}
