import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/core/index.ts';
import { openHistory } from '../../../src/store/index.ts';
import { python } from '../../support/python.ts';

const writer = join(import.meta.dirname, '../../support/store/store-writer.ts');
const keepAll = { retainMs: Infinity };

/** Named before the tests are listed, because the list depends on what can be mounted. */
const mountPoint = mkdtempSync(join(tmpdir(), 'ruvector-small-disk-'));

let root: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'ruvector-store-faults-'));
});

afterAll(async () => {
  await rm(root, { recursive: true, force: true });
  await rm(mountPoint, { recursive: true, force: true });
});

/** The lines a child has printed so far, and a way to wait for one. */
function linesOf(child: ChildProcessWithoutNullStreams): { lines: string[]; next: () => Promise<string> } {
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout });
  reader.on('line', (line) => lines.push(line));
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const next = async (): Promise<string> => {
    const [line] = await Promise.race([
      once(reader, 'line') as Promise<[string]>,
      once(child, 'exit').then(() => Promise.reject(new Error(`the writer ended early: ${errors}`))),
    ]);
    return line;
  };
  return { lines, next };
}

describe('kill -9', () => {
  it('openHistory() finds every acknowledged row once and in order when the writer was killed 20 times', async () => {
    const directory = join(root, 'killed');
    let expected = 0;
    const seed = Date.now() % 2 ** 31;
    process.stdout.write(`kill -9 of a history's writer: seed ${seed}\n`);
    for (const delayMs of fc.sample(fc.integer({ min: 0, max: 120 }), { seed, numRuns: 20 })) {
      const child = spawn(process.execPath, [writer, 'append', directory, String(expected)]);
      const exited = once(child, 'exit');
      const { lines, next } = linesOf(child);
      await next();
      await systemClock.sleep(delayMs);
      child.kill('SIGKILL');
      await exited;
      const acknowledged = Number(lines.filter((line) => /^\d+$/.test(line)).at(-1) ?? expected - 1);
      await using history = await openHistory(directory, keepAll);
      const times = (await history.rows('memory')).map((row) => row.timestamp);
      expect(times).toEqual(Array.from(times, (_, i) => i));
      expect(times.length).toBeGreaterThan(acknowledged);
      expect(history.problems).toEqual([]);
      expected = times.length;
    }
    expect(expected).toBeGreaterThan(0);
  }, 120_000);
});

/** A directory that is too small, the command that runs a child in it, and how to give it room. */
interface SmallDisk {
  readonly name: string;
  readonly command: readonly string[];
  makeRoom(pid: number): void;
}

const fileLimitBytes = 150 * 1024;

/** Every process may lower its own file size limit: writes past it fail with EFBIG. */
const sizeLimit: SmallDisk = {
  name: 'a file size limit (EFBIG)',
  command: ['bash', '-c', `ulimit -S -f ${fileLimitBytes / 1024}; exec "$@"`, '-'],
  makeRoom(pid) {
    const raise = `import resource,sys; r=resource.RLIMIT_FSIZE; p=int(sys.argv[1]); h=resource.prlimit(p,r)[1]; resource.prlimit(p,r,(h,h))`;
    const { status, stderr } = spawnSync(python, ['-c', raise, String(pid)]);
    if (status !== 0) throw new Error(stderr.toString());
  },
};

/** A tmpfs in a private mount namespace, where the host lets a user have one. Gone with the child. */
function smallTmpfs(directory: string): SmallDisk {
  const script = `mount -t tmpfs -o size=256k none "${directory}"; head -c 120k /dev/zero > "${directory}/filler"; exec "$@"`;
  return {
    name: 'a full tmpfs (ENOSPC)',
    command: ['unshare', '-rm', 'bash', '-ec', script, '-'],
    // The child removes the filler itself: nobody else can see its mount.
    makeRoom: () => undefined,
  };
}

function listSmallDisks(): SmallDisk[] {
  const tmpfs = smallTmpfs(mountPoint);
  const probe = spawnSync(tmpfs.command[0]!, [...tmpfs.command.slice(1), 'true']);
  return probe.status === 0 ? [sizeLimit, tmpfs] : [sizeLimit];
}

describe('a full disk', () => {
  it.each(listSmallDisks())(
    'history.flush() rejects with ERR_STORE_DISK_FULL and loses nothing when the disk is $name',
    async (disk) => {
      const home = disk === sizeLimit ? join(root, 'limited') : join(mountPoint, 'history');
      const [program = '', ...prefix] = disk.command;
      const child = spawn(program, [
        ...prefix,
        process.execPath,
        writer,
        'fill',
        home,
        join(mountPoint, 'filler'),
      ]);
      try {
        const { next } = linesOf(child);
        expect(JSON.parse(await next())).toEqual({ code: 'ERR_STORE_DISK_FULL' });
        disk.makeRoom(child.pid!);
        child.stdin.write('go\n');
        const { rows, appended } = JSON.parse(await next()) as { rows: number; appended: number };
        expect(rows).toBe(appended);
      } finally {
        child.kill('SIGKILL');
      }
    },
  );
});
