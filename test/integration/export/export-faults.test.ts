// What becomes of an export that is killed, cancelled, starved of disk or in another's way.
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { on, once } from 'node:events';
import { mkdirSync, mkdtempSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { buildBatchTable } from '../../../src/export/batch-table.ts';
import type { ExportedTable } from '../../../src/export/file-contract.ts';
import { writeTables } from '../../../src/export/write-tables.ts';
import { buildEndlessTable, endlessBatches } from '../../support/export/export-tables.ts';
import { processBatches, processSchema } from '../../support/export/process-batches.ts';
import { createPrintedRandom } from '../../support/random.ts';

const random = createPrintedRandom('moments of kill -9');

const writer = join(import.meta.dirname, '../../support/export/export-writer.ts');
const memoryChild = join(import.meta.dirname, '../../support/export/export-memory.ts');
/** Named before the tests are listed, because the list depends on what can be mounted. */
const mountPoint = mkdtempSync(join(tmpdir(), 'ruvector-export-disk-'));

let root: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'ruvector-export-faults-'));
});

afterAll(async () => {
  await rm(root, { recursive: true, force: true });
  await rm(mountPoint, { recursive: true, force: true });
});

const formats = ['csv', 'json', 'jsonl', 'parquet', 'sqlite', 'arrow'] as const;

interface Running {
  readonly child: ChildProcessWithoutNullStreams;
  /** Resolves with the line that a predicate takes. */
  readonly line: (isWanted: (line: string) => boolean) => Promise<string>;
}

function startWriter(args: readonly (string | number)[]): Running {
  const child = spawn(process.execPath, [writer, ...args.map(String)]);
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const lines = on(createInterface({ input: child.stdout }), 'line', { close: ['close'] });
  return {
    child,
    line: async (isWanted) => {
      for await (const [line] of lines) if (isWanted(line as string)) return line as string;
      throw new Error(`the writer ended early: ${errors}`);
    },
  };
}

const isReading = (line: string): boolean => line === 'reading';
describe('writeTables() after SIGKILL', () => {
  it.each(formats)('starts again, and nothing is left of what was killed, in %s', async (format) => {
    const folder = await mkdtemp(join(root, 'kill-'));
    const path = join(folder, 'data.bin');
    await writeFile(path, 'old');
    const { child, line } = startWriter([format, 'none', path, 1_000_000]);
    const exited = once(child, 'exit');
    try {
      await line(isReading);
      await sleep(random() * 500);
    } finally {
      child.kill('SIGKILL');
      await exited;
    }
    expect(await readFile(path, 'utf8')).toBe('old');
    expect(await readdir(folder)).toContain('.data.bin.export');
    const tables = [buildEndlessTable(100)];
    expect(await writeTables({ tables, format, path })).toMatchObject({ rows: 100 });
    expect(await readdir(folder)).toEqual(['data.bin']);
    const whole = join(folder, 'whole.bin');
    await writeTables({ tables, format, path: whole });
    expect((await readFile(path)).equals(await readFile(whole))).toBe(true);
  });
});

it('writeTables() names the first file, which is whole, when the second cannot take its place', async () => {
  const folder = await mkdtemp(join(root, 'place-'));
  const path = join(folder, 'data.csv');
  const tables = [buildEndlessTable(100, 'a'), buildEndlessTable(100, 'b')];
  const blocked = join(folder, 'data.b.csv');
  const blocking: ExportedTable = {
    ...tables[1]!,
    parts: (...args) => (mkdirSync(blocked), tables[1]!.parts(...args)),
  };
  const running = writeTables({ tables: [tables[0]!, blocking], format: 'csv', path });
  const placed = [join(folder, 'data.a.csv')];
  await expect(running).rejects.toMatchObject({
    code: 'ERR_EXPORT_WRITE',
    message: expect.stringContaining(`"${placed[0]}" of this export is written and whole`),
    details: { path: blocked, placed },
  });
  const whole = join(root, 'whole.csv');
  await writeTables({ tables: [tables[0]!], format: 'csv', path: whole });
  expect(await readFile(placed[0]!, 'utf8')).toBe(await readFile(whole, 'utf8'));
  expect((await readdir(folder)).sort()).toEqual(['data.a.csv', 'data.b.csv']);
});

describe('writeTables() when it is cancelled', () => {
  const abortAfter = (batches: number, abort: AbortController, rows = 30_000): ExportedTable => {
    const table = endlessBatches(rows);
    return buildBatchTable({
      ...table,
      open: async function* (signal) {
        let seen = 0;
        for await (const batch of table.open(signal)) {
          if (seen++ === batches) abort.abort(new Error('enough'));
          yield batch;
        }
      },
    });
  };

  it.each(formats)(
    'leaves nothing in %s, before its first row, in the middle or at its end',
    async (format) => {
      for (const batches of [0, 12, 29]) {
        const folder = await mkdtemp(join(root, 'cancel-'));
        const abort = new AbortController();
        const tables = [abortAfter(batches, abort)];
        const path = join(folder, 'new', 'data.bin');
        const run = writeTables({ tables, format, path, signal: abort.signal });
        await expect(run).rejects.toThrow('enough');
        expect(await readdir(folder)).toEqual([]);
      }
    },
  );

  it('leaves nothing when the signal is aborted already', async () => {
    const path = join(await mkdtemp(join(root, 'cancel-')), 'data.csv');
    const tables = [buildEndlessTable(10)];
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(writeTables({ tables, format: 'csv', path, signal })).rejects.toThrow('enough');
    expect(await readdir(dirname(path))).toEqual([]);
  });

  it('leaves the file that was there', async () => {
    const folder = await mkdtemp(join(root, 'cancel-'));
    const path = join(folder, 'data.csv');
    await writeFile(path, 'old');
    const abort = new AbortController();
    const tables = [abortAfter(12, abort)];
    const run = writeTables({ tables, format: 'csv', path, signal: abort.signal });
    await expect(run).rejects.toThrow('enough');
    expect(await readdir(folder)).toEqual(['data.csv']);
    expect(await readFile(path, 'utf8')).toBe('old');
  });
});

const limitKib = 256;

function listSmallDisks(): { name: string; prefix: string; folder: string }[] {
  const limited = { name: 'a file size limit (EFBIG)', prefix: `ulimit -S -f ${limitKib}`, folder: '' };
  const mount = `mount -t tmpfs -o size=${limitKib}k none "${mountPoint}"`;
  const probe = spawnSync('unshare', ['-rm', 'bash', '-ec', `${mount}; true`]);
  const tmpfs = { name: 'a full tmpfs (ENOSPC)', prefix: mount, folder: mountPoint };
  return probe.status === 0 ? [limited, tmpfs] : [limited];
}

describe('writeTables() on a full disk', () => {
  const disks = listSmallDisks();
  const cases = formats.flatMap((format) => disks.map((disk) => ({ format, ...disk })));

  it.each(cases)('ends an export to $format with ERR_EXPORT_WRITE and no leftovers: $name', async (disk) => {
    const folder = disk.folder || (await mkdtemp(join(root, 'full-')));
    const script = `${disk.prefix}; "$@"; ls -A "${folder}"`;
    const shell = disk.folder ? ['unshare', '-rm', 'bash', '-ec'] : ['bash', '-ec'];
    const path = join(folder, 'data.bin');
    // More than one chunk of the format: the disk is full while rows are still read.
    const rows = disk.format === 'arrow' ? 70_000 : 20_000;
    const command = [process.execPath, writer, disk.format, 'none', path, String(rows)];
    const [program = '', ...args] = [...shell, script, '-', ...command];
    const child = spawn(program, args);
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    await once(child, 'close');
    expect(output.trim().split('\n')).toEqual(['reading', '{"code":"ERR_EXPORT_WRITE"}']);
  });
});

describe('writeTables() to a target that cannot be written', () => {
  const small = { tables: [buildEndlessTable(10)], format: 'csv' } as const;

  it.each([
    [
      'below a file',
      'ERR_FILES_TARGET',
      async (folder: string) => (await writeFile(join(folder, 'file'), ''), join(folder, 'file', 'data.csv')),
    ],
    ['below /proc', 'ERR_EXPORT_WRITE', () => Promise.resolve('/proc/ruvector/data.csv')],
    [
      'a folder',
      'ERR_EXPORT_WRITE',
      async (folder: string) => (
        await mkdir(join(folder, 'out', 'all.csv'), { recursive: true }),
        join(folder, 'out/')
      ),
    ],
  ])('refuses %s with %s', async (_name, code, prepare) => {
    const folder = await mkdtemp(join(root, 'target-'));
    const path = await prepare(folder);
    const before = await readdir(folder, { recursive: true });
    await expect(writeTables({ ...small, path })).rejects.toMatchObject({ code });
    expect(await readdir(folder, { recursive: true })).toEqual(before);
  });

  it('makes it when only its folders are missing, with the modes of any folder', async () => {
    const folder = await mkdtemp(join(root, 'target-'));
    const path = join(folder, 'a', 'b', 'data.csv');
    await writeTables({ ...small, path });
    expect(await readdir(dirname(path))).toEqual(['data.csv']);
    await mkdir(join(folder, 'plain'));
    const [made, plain] = [await stat(join(folder, 'a')), await stat(join(folder, 'plain'))];
    expect(made.mode).toBe(plain.mode);
  });

  it('refuses it with ERR_EXPORT_BUSY while another export writes it, in this process or in another', async () => {
    const folder = await mkdtemp(join(root, 'busy-'));
    const path = join(folder, 'data.csv');
    const gate = Promise.withResolvers<void>();
    const reading = Promise.withResolvers<void>();
    const waiting: ExportedTable = {
      ...buildEndlessTable(10),
      parts: async function* (partRows, signal) {
        reading.resolve();
        await gate.promise;
        yield* buildEndlessTable(10).parts(partRows, signal);
      },
    };
    const first = writeTables({ ...small, tables: [waiting], path });
    await reading.promise;
    await expect(writeTables({ ...small, path })).rejects.toMatchObject({ code: 'ERR_EXPORT_BUSY' });
    gate.resolve();
    expect(await first).toMatchObject({ rows: 10 });

    const { child, line } = startWriter(['csv', 'none', path, 50_000, 40]);
    const exited = once(child, 'exit');
    await line(isReading);
    const refused = writeTables({ ...small, path });
    await expect(refused).rejects.toMatchObject({ code: 'ERR_EXPORT_BUSY', details: { pid: child.pid } });
    child.kill('SIGKILL');
    await exited;
    expect(await writeTables({ ...small, path })).toMatchObject({ rows: 10 });
    expect(await readdir(folder)).toEqual(['data.csv']);
  });
});

it('writeTables() ends an export to SQLite with an error when it loses the thread of the database', async () => {
  const folder = await mkdtemp(join(root, 'thread-'));
  const post = vi.spyOn(Worker.prototype, 'postMessage');
  try {
    const table = endlessBatches(3_000_000);
    const losing = buildBatchTable({
      ...table,
      open: async function* (signal) {
        for await (const batch of table.open(signal)) {
          yield batch;
          const [thread] = post.mock.contexts as Worker[];
          await thread?.terminate();
        }
      },
    });
    const run = writeTables({ tables: [losing], format: 'sqlite', path: join(folder, 'data.bin') });
    await expect(run).rejects.toMatchObject({ code: 'ERR_EXPORT_WRITE' });
    expect(await readdir(folder)).toEqual([]);
  } finally {
    post.mockRestore();
  }
});

describe('writeTables() of a long export', () => {
  it.each(['csv', 'parquet', 'sqlite'] as const)(
    'takes 200 MB at most for 1 million rows to %s',
    async (format) => {
      const folder = await mkdtemp(join(root, 'memory-'));
      const child = spawn(process.execPath, [memoryChild, format, folder, '1000000']);
      let output = '';
      child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
      await once(child, 'close');
      await rm(folder, { recursive: true });
      expect(output).not.toBe('');
      expect(Number(output)).toBeLessThan(200);
    },
  );

  it.each(formats)('leaves its caller responsive while it writes %s', async (format) => {
    const batches = [...processBatches(300_000)];
    const measure = async (work: () => Promise<unknown>): Promise<number> => {
      const delays = monitorEventLoopDelay({ resolution: 5 });
      delays.enable();
      await work();
      delays.disable();
      return delays.max / 1e6;
    };
    const path = join(await mkdtemp(join(root, 'delay-')), 'data.bin');
    const open = async function* (): AsyncGenerator<(typeof batches)[number]> {
      for (const batch of batches) {
        yield batch;
        await sleep(0);
      }
    };
    const tables = [buildBatchTable({ name: 'process', schema: processSchema, open })];
    // Anchored: on a busy machine doing nothing has its delays too.
    const limitMs = 250;
    let addedMs = Infinity;
    for (let attempt = 0; attempt < 3 && addedMs >= limitMs; attempt++) {
      const idleMs = await measure(() => sleep(500));
      const busyMs = await measure(() => writeTables({ tables, format, path }));
      addedMs = Math.min(addedMs, busyMs - idleMs);
    }
    expect(addedMs).toBeLessThan(limitMs);
  });
});
