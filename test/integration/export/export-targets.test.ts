// Where an export goes: links, pipes, devices, descriptors, files that cannot be renamed over. Devices are nodes of
// our own in a folder of our own.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  readlink,
  realpath,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { DatabaseSync } from 'node:sqlite';
import { gunzipSync } from 'node:zlib';
import * as arrow from 'apache-arrow';
import pl from 'nodejs-polars';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ExportStats, WriteTablesRequest } from '../../../src/export/file-contract.ts';
import { exportTraining } from '../../../src/export/training-export.ts';
import { writeTables } from '../../../src/export/write-tables.ts';
import { canMakeNodes, makeNode } from '../../support/export/device-nodes.ts';
import { buildEndlessTable } from '../../support/export/export-tables.ts';

const ROWS = 3000;
const isRoot = process.getuid?.() === 0;
const writer = join(import.meta.dirname, '../../support/export/export-writer.ts');

let root: string;
const at = (...names: string[]): string => join(root, ...names);

beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'ruvector-targets-')));
});

afterEach(async () => {
  spawnSync('umount', [at('mounted.csv')]);
  await rm(root, { recursive: true, force: true });
});

function write(
  path: string,
  format: WriteTablesRequest['format'],
  rest: Partial<WriteTablesRequest> = {},
): Promise<ExportStats> {
  const tables = [buildEndlessTable(ROWS)];
  return writeTables({ tables, format, path, ...rest });
}

const linesOf = async (path: string): Promise<number> =>
  (await readFile(path, 'utf8')).split('\n').filter((line) => line.startsWith('{')).length;

describe('writeTables() to links', () => {
  it('writes the file behind them, beside itself, and leaves the links', async () => {
    await mkdir(at('data'));
    await writeFile(at('data/real.jsonl'), 'old');
    await chmod(at('data/real.jsonl'), 0o600);
    await symlink('data/real.jsonl', at('one.jsonl'));
    await symlink(at('one.jsonl'), at('two.jsonl'));
    const stats = await write(at('two.jsonl'), 'jsonl');
    expect(stats.tables['all']?.path).toBe(at('two.jsonl'));
    expect(await readlink(at('two.jsonl'))).toBe(at('one.jsonl'));
    expect(await readlink(at('one.jsonl'))).toBe('data/real.jsonl');
    expect(await linesOf(at('data/real.jsonl'))).toBe(ROWS);
    expect((await stat(at('data/real.jsonl'))).mode & 0o777).toBe(0o600);
    expect(await readdir(at('data'))).toEqual(['real.jsonl']);
  });

  it('makes what a dangling link names, and refuses a circle', async () => {
    await symlink('missing/new.parquet', at('link.parquet'));
    await write(at('link.parquet'), 'parquet');
    expect(pl.readParquet(await readFile(at('missing/new.parquet'))).height).toBe(ROWS);
    await symlink('b.csv', at('a.csv'));
    await symlink('a.csv', at('b.csv'));
    await expect(write(at('a.csv'), 'csv')).rejects.toMatchObject({ code: 'ERR_FILES_TARGET' });
    expect((await readdir(root)).sort()).toEqual(['a.csv', 'b.csv', 'link.parquet', 'missing']);
  });

  it('follows the link of each of several files, also to another file system', async () => {
    const memory = await mkdtemp('/dev/shm/ruvector-targets-').catch(() => null);
    const elsewhere = memory ?? at('elsewhere');
    await mkdir(elsewhere, { recursive: true });
    await symlink(join(elsewhere, 'two.jsonl'), at('data.two.jsonl'));
    const tables = [buildEndlessTable(10, 'one'), buildEndlessTable(20, 'two')];
    try {
      await write(at('data.jsonl'), 'jsonl', { tables });
      expect(await linesOf(at('data.one.jsonl'))).toBe(10);
      expect((await lstat(at('data.two.jsonl'))).isSymbolicLink()).toBe(true);
      expect(await linesOf(join(elsewhere, 'two.jsonl'))).toBe(20);
    } finally {
      await rm(elsewhere, { recursive: true });
    }
  });

  it('takes names of 255 bytes', async () => {
    const name = `${'é'.repeat(124)}x.jsonl`;
    expect(Buffer.byteLength(name)).toBe(255);
    await write(at(name), 'jsonl');
    expect(await readdir(root)).toEqual([name]);
  });
});

describe('writeTables() to pipes', () => {
  async function readPipe(run: (path: string) => Promise<unknown>): Promise<Buffer> {
    const path = at('pipe');
    execFileSync('mkfifo', [path]);
    const [bytes] = await Promise.all([buffer(createReadStream(path)), run(path)]);
    expect((await lstat(path)).isFIFO()).toBe(true);
    expect(await readdir(root)).toEqual(['pipe']);
    return bytes;
  }

  it('streams text, packed text and JSON', async () => {
    const bytes = await readPipe((path) => write(path, 'json', { compression: 'gzip' }));
    expect((JSON.parse(gunzipSync(bytes).toString()) as unknown[]).length).toBe(ROWS);
  });

  it('streams Arrow as the stream format, and Parquet as it is', async () => {
    const stream = await readPipe((path) => write(path, 'arrow'));
    expect(arrow.tableFromIPC(stream).numRows).toBe(ROWS);
    await rm(at('pipe'));
    const file = await readPipe((path) => write(path, 'parquet'));
    expect(pl.readParquet(file).height).toBe(ROWS);
  });

  it('copies a database out when it is whole, with all its tables', async () => {
    const tables = [buildEndlessTable(10, 'one'), buildEndlessTable(20, 'two')];
    const bytes = await readPipe((path) => write(path, 'sqlite', { tables }));
    await writeFile(at('copy.db'), bytes);
    const database = new DatabaseSync(at('copy.db'), { readOnly: true });
    expect(database.prepare('SELECT count(*) AS n FROM two').get()).toEqual({ n: 20 });
    database.close();
  });

  it('says that it waits for a reader, and stops when it is told to', async () => {
    execFileSync('mkfifo', [at('pipe')]);
    const abort = new AbortController();
    const onWait = (): void => abort.abort(new Error('enough'));
    await expect(write(at('pipe'), 'csv', { onWait, signal: abort.signal })).rejects.toThrow('enough');
    expect((await lstat(at('pipe'))).isFIFO()).toBe(true);
  });

  it('ends in a typed error when the reader goes away, and refuses several files', async () => {
    execFileSync('mkfifo', [at('pipe')]);
    const head = spawn('head', ['-c', '10', at('pipe')], { stdio: 'ignore' });
    const left = once(head, 'exit');
    const endless = { tables: [buildEndlessTable(1_000_000)] };
    await expect(write(at('pipe'), 'csv', endless)).rejects.toMatchObject({
      code: 'ERR_FILES_READER_LEFT',
      details: { descriptor: null },
    });
    await left;
    const tables = [buildEndlessTable(10, 'one'), buildEndlessTable(20, 'two')];
    await expect(write(at('pipe'), 'csv', { tables })).rejects.toMatchObject({ code: 'ERR_EXPORT_OPTIONS' });
    expect(await readdir(root)).toEqual(['pipe']);
  });
});

describe.runIf(canMakeNodes)('writeTables() to devices', () => {
  it.each(['csv', 'json', 'jsonl', 'parquet', 'sqlite', 'arrow'] as const)(
    'streams %s into a character device, which stays one',
    async (format) => {
      makeNode(at('null'), 'null');
      makeNode(at('full'), 'full');
      await symlink('null', at('link'));
      expect((await write(at('link'), format)).rows).toBe(ROWS);
      await expect(write(at('full'), format)).rejects.toMatchObject({
        code: 'ERR_EXPORT_WRITE',
        details: { systemCode: 'ENOSPC' },
      });
      for (const name of ['null', 'full']) {
        expect((await lstat(at(name))).isCharacterDevice(), name).toBe(true);
      }
      expect((await readdir(root)).sort()).toEqual(['full', 'link', 'null']);
    },
  );

  it('refuses block devices', async () => {
    makeNode(at('disk'), 'block');
    await expect(write(at('disk'), 'csv')).rejects.toThrow(/block device, which is never written to/);
    expect((await lstat(at('disk'))).isBlockDevice()).toBe(true);
  });
});

describe('writeTables() to files that cannot be replaced', () => {
  it.runIf(isRoot)('writes in place a file that is a mount of its own', async () => {
    await writeFile(at('source.csv'), 'x'.repeat(10_000_000));
    await writeFile(at('mounted.csv'), '');
    if (spawnSync('mount', ['--bind', at('source.csv'), at('mounted.csv')]).status !== 0) return;
    const { notes, bytes } = await write(at('mounted.csv'), 'csv');
    expect(notes).toEqual([
      expect.stringMatching(/could not be replaced \(EBUSY\): it was written in place/),
    ]);
    expect((await stat(at('source.csv'))).size).toBe(bytes);
  });

  it.runIf(isRoot)('writes in place where this user may write the file but not its folder', async () => {
    await mkdir(at('shut'));
    await writeFile(at('shut/data.csv'), 'old');
    await chmod(at('shut/data.csv'), 0o666);
    await chmod(root, 0o755);
    await chmod(at('shut'), 0o755);
    const script = `import { writeTables } from ${JSON.stringify(join(import.meta.dirname, '../../../src/export/write-tables.ts'))};
      import { buildEndlessTable } from ${JSON.stringify(join(import.meta.dirname, '../../support/export/export-tables.ts'))};
      process.setgroups([]); process.setgid(65534); process.setuid(65534);
      const say = (value) => console.log(JSON.stringify(value));
      const go = (name) => writeTables({ tables: [buildEndlessTable(100)], format: 'csv', path: ${JSON.stringify(at('shut'))} + name });
      say((await go('/data.csv')).notes);
      await go('/new.csv').catch((error) => say(error.code));`;
    const child = spawnSync(process.execPath, ['--input-type=module-typescript', '-e', script]);
    const [notes, code] = child.stdout.toString().trim().split('\n');
    expect(notes, child.stderr.toString()).toMatch(/written in place/);
    expect(code).toBe('"ERR_EXPORT_WRITE"');
    expect((await readFile(at('shut/data.csv'), 'utf8')).split('\n').length).toBeGreaterThan(100);
    expect(await readdir(at('shut'))).toEqual(['data.csv']);
  });
});

describe('writeTables() to descriptors', () => {
  it.runIf(process.platform === 'linux')(
    'writes behind what is in a file that the shell opened',
    async () => {
      await writeFile(at('log.txt'), 'first\n');
      const command = `exec "$0" "$1" jsonl none /dev/fd/3 100 3>>"$2" >/dev/null`;
      const child = spawnSync('sh', ['-c', command, process.execPath, writer, at('log.txt')]);
      expect(child.status, child.stderr.toString()).toBe(0);
      const text = await readFile(at('log.txt'), 'utf8');
      expect(text.startsWith('first\n{')).toBe(true);
      expect(await linesOf(at('log.txt'))).toBe(100);
    },
  );

  it('refuses them for a path of another process', async () => {
    for (const path of ['-', '/dev/stdout', '/proc/self/fd/1']) {
      const refused = write(path, 'csv', { hasDescriptors: false });
      await expect(refused, path).rejects.toMatchObject({ code: 'ERR_FILES_TARGET' });
    }
  });
});

describe('exportTraining()', () => {
  it('refuses what is no file before it reads anything', async () => {
    execFileSync('mkfifo', [at('pipe.csv')]);
    const context = { source: null as never, describeHeld: () => '', nowMs: 0 };
    for (const path of ['-', at('pipe.csv'), '/dev/stdout']) {
      await expect(exportTraining(path, { format: 'csv' }, context), path).rejects.toThrow(
        /a training set with its card can only be a file/,
      );
    }
    expect(await readdir(root)).toEqual(['pipe.csv']);
  });
});
