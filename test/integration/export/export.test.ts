// `export` as its users meet it: real homes, real processes, real signals, with and without a daemon.
import type { Home } from '../../../src/core/index.ts';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { DataExportStats, TrainingDataStats } from '../../../src/export/index.ts';
import {
  createTestHome,
  finished,
  poll,
  runCommand,
  startCommand,
  startDaemon,
} from '../../support/daemon.ts';
import type { CommandResult, Daemon } from '../../support/daemon.ts';
import { writeExportHistory } from '../../support/export/export-home.ts';

async function createFolder(): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'rvm-export-'));
  // The process of an export that was cancelled may still be at its end.
  const patience = { maxRetries: 40, retryDelay: 50 };
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, ...patience }) };
}

async function runExport(home: Home, args: readonly string[]): Promise<CommandResult> {
  const result = await runCommand(home, ['export', ...args]);
  expect(result.stderr).toBe('');
  expect(result.code).toBe(0);
  return result;
}

const statsOf = ({ stdout }: CommandResult): DataExportStats => JSON.parse(stdout) as DataExportStats;

async function readCsv(path: string): Promise<Record<string, string>[]> {
  const [header, ...lines] = (await readFile(path, 'utf8')).trimEnd().split(/\r?\n/);
  const names = header!.split(',').map((name) => name.slice(1, -1));
  return lines.map((line) => Object.fromEntries(line.split(',').map((value, at) => [names[at]!, value])));
}

describe('export', () => {
  it('writes the newest hours to CSV, anonymised, and says so', async () => {
    await using home = await createTestHome();
    await using folder = await createFolder();
    const written = await writeExportHistory(home);
    const path = join(folder.path, 'data.csv');
    const result = await runExport(home, ['--format', 'csv', '--hours', '24', '--output', path]);
    const rows = await readCsv(path);
    expect(rows).toHaveLength(written.memory);
    expect(Object.keys(rows[0]!).slice(0, 4)).toEqual([
      'timestamp',
      'total_mb',
      'available_mb',
      'used_percent',
    ]);
    expect(rows.every(({ timestamp }) => /:00:00/.test(timestamp!))).toBe(true);
    expect(result.stdout).toMatch(/exported +3,000 rows/);
    expect(result.stdout).toMatch(/privacy memory +k = \d+ \(asked 5\)/);
    expect(result.stdout).toContain('not protected');
    expect(await readdir(folder.path)).toEqual(['data.csv']);
  });

  it('writes a training set into a folder, with dataset.json', async () => {
    await using home = await createTestHome();
    await using folder = await createFolder();
    await writeExportHistory(home);
    const path = join(folder.path, 'training');
    const args = ['--training', '--split', '0.8', '--output', `${path}/`, '--json'];
    const stats = JSON.parse((await runExport(home, args)).stdout) as TrainingDataStats;
    expect((await readdir(path)).sort()).toEqual(['dataset.json', 'test.parquet', 'train.parquet']);
    const card = JSON.parse(await readFile(join(path, 'dataset.json'), 'utf8')) as {
      files: { path: string; rows: number; sha256: string }[];
      split: { gapMs: number; testFraction: number };
    };
    expect(card.files.map((file) => file.path)).toEqual(['train.parquet', 'test.parquet']);
    expect(card.split).toMatchObject({ gapMs: 60_000, testFraction: 0.2 });
    expect(card.files.map((file) => file.rows)).toEqual([stats.splits.train, stats.splits.test]);
    expect(stats.rows).toBe(stats.splits.train + stats.splits.test);
  });

  it('writes everything anonymised to Parquet, and every table to a folder', async () => {
    await using home = await createTestHome();
    await using folder = await createFolder();
    const written = await writeExportHistory(home);
    const path = join(folder.path, 'anon_data.parquet');
    await runExport(home, ['--anonymize', '--format', 'parquet', '--output', path]);
    expect((await readFile(path)).subarray(0, 4).toString()).toBe('PAR1');
    const all = [
      '--include-processes',
      '--include-events',
      '--format',
      'jsonl',
      '--output',
      `${folder.path}/all/`,
    ];
    const stats = statsOf(await runExport(home, [...all, '--json', '--time-precision', '1d']));
    expect((await readdir(join(folder.path, 'all'))).sort()).toEqual([
      'memory.jsonl',
      'optimization.jsonl',
      'process.jsonl',
    ]);
    expect(stats.tables['memory']!.rows + stats.privacy!['memory']!.rows.suppressed).toBe(written.memory);
    const processes = await readFile(join(folder.path, 'all', 'process.jsonl'), 'utf8');
    expect(processes).not.toContain('secret');
    expect(JSON.parse(processes.split('\n')[0]!)).toHaveProperty('name_hash');
  });

  it('takes ranges, sample intervals and columns', async () => {
    await using home = await createTestHome();
    await using folder = await createFolder();
    const { toMs } = await writeExportHistory(home);
    const path = join(folder.path, 'part.csv');
    const range = ['--from', new Date(toMs - 1_000_000).toISOString(), '--to', new Date(toMs).toISOString()];
    const shape = ['--columns', 'document', '--sample-interval', '10s', '--yes', '--no-anonymize'];
    const result = await runCommand(home, ['export', ...range, ...shape, '--output', path, '--json']);
    expect(result.code).toBe(0);
    expect(statsOf(result).privacy).toBeNull();
    const rows = await readCsv(path);
    expect(rows.length).toBeGreaterThanOrEqual(100);
    expect(rows.length).toBeLessThanOrEqual(101);
    expect(Object.keys(rows[0]!)).toHaveLength(6);
  });

  it('wants a yes before it exposes anything, and says what', async () => {
    await using home = await createTestHome();
    await using folder = await createFolder();
    await writeExportHistory(home, 300);
    const path = join(folder.path, 'plain.jsonl');
    const args = ['export', '--no-anonymize', '--tables', 'process', '--output', path];
    const refused = await runCommand(home, args);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('ERR_APP_NOT_CONFIRMED');
    for (const column of ['process.timestamp', 'process.pid', 'process.name', 'process.start_time_ticks']) {
      expect(refused.stderr).toContain(column);
    }
    expect(existsSync(path)).toBe(false);
    const agreed = await runCommand(home, [...args, '--yes']);
    expect(agreed).toMatchObject({ code: 0 });
    expect(agreed.stderr).toContain('process.name');
    expect(await readFile(path, 'utf8')).toContain('secret-1');
  });

  it('refuses wrong use with 2 and an empty range with 1', async () => {
    await using home = await createTestHome();
    await using folder = await createFolder();
    await writeExportHistory(home, 300);
    const to = (name: string): string => join(folder.path, name);
    const codes: [number, string[]][] = [
      [2, ['--format', 'csv']],
      [2, ['--format', 'parquet', '--output', to('a.csv')]],
      [2, ['--hours', '1', '--from', '-2h', '--output', to('a.csv')]],
      [2, ['--tables', 'memory,disks', '--output', to('a.csv')]],
      [1, ['--to', '2020-01-01', '--output', to('a.csv')]],
      [1, ['--training', '--horizon', '1h', '--output', to('t/')]],
    ];
    for (const [code, args] of codes) {
      const result = await runCommand(home, ['export', ...args]);
      expect(result).toMatchObject({ code, stdout: '' });
      expect(result.stderr).toMatch(/^ERR_/);
    }
    expect(await readdir(folder.path)).toEqual([]);
  });

  it('says which part of a damaged history is not in the file', async () => {
    await using home = await createTestHome();
    await using folder = await createFolder();
    await writeExportHistory(home);
    const segments = join(home.history, 'segments', 'process');
    await mkdir(segments, { recursive: true });
    await writeFile(join(segments, '1-2-1.parquet'), 'PAR1 cut short');
    const args = ['--tables', 'process', '--output', join(folder.path, 'part.csv')];
    expect((await runExport(home, args)).stdout).toMatch(/not read +Cannot read .*1-2-1\.parquet/);
  });

  it('leaves nothing behind after Ctrl-C', async () => {
    await using home = await createTestHome();
    await using folder = await createFolder();
    await writeExportHistory(home, 20_000);
    const child = startCommand(home, ['export', '--output', join(folder.path, 'a.json'), '--format', 'json']);
    const end = finished(child);
    await waitForFile(folder.path, child);
    child.kill('SIGINT');
    const { code, stderr } = await end;
    expect({ code, stderr }).toMatchObject({
      code: 130,
      stderr: expect.stringContaining('ERR_EXPORT_CANCELLED'),
    });
    expect(await readdir(folder.path)).toEqual([]);
  });

  it('streams live records on a port until Ctrl-C', async () => {
    await using home = await createTestHome();
    const child = startCommand(home, ['export', '--stream', '--port', '0', '--format', 'jsonlines']);
    const end = finished(child);
    const [line] = (await once(child.stdout!, 'data')) as [Buffer];
    const address = /ws:\/\/127\.0\.0\.1:\d+/.exec(line.toString())?.[0];
    const socket = new WebSocket(address!);
    const message = await new Promise<string>((resolve) => {
      socket.addEventListener('message', ({ data }) => resolve(String(data)), { once: true });
    });
    expect(JSON.parse(message.split('\n')[0]!)).toMatchObject({ event: 'hello' });
    socket.close();
    child.kill('SIGINT');
    expect((await end).code).toBe(0);
  });
});

describe('export over the bridge', () => {
  it('writes beside sampling, tells how far it is, and can be cancelled', async () => {
    await using home = await createTestHome();
    await using folder = await createFolder();
    const { memory } = await writeExportHistory(home, 20_000);
    await using daemon = await startDaemon(home, ['--hz', '20', '--retain-days', '0']);
    // An export may be faster than the first samples.
    await untilSampled(daemon, 20);
    const path = join(folder.path, 'a.parquet');
    const phases: string[] = [];
    const { result } = await daemon.client.request(
      'export.range',
      // Anonymised, fewer than k live rows of a kind would be left out.
      { path, include_processes: true, tables: ['memory'], anonymize: false },
      { onProgress: (progress) => phases.push((progress as { phase: string }).phase) },
    );
    const stats = result as DataExportStats;
    expect(stats.rows).toBeGreaterThan(memory);
    expect((await stat(path)).size).toBe(stats.bytes);
    expect(phases).toContain('writing');
    const { samples } = (await daemon.client.request('status')).result as { samples: number };
    await untilSampled(daemon, samples + 1);
    const abort = new AbortController();
    const cancelled = daemon.client.request(
      'export.recent',
      { path: join(folder.path, 'b.json'), hours: 48 },
      { signal: abort.signal, onProgress: () => abort.abort() },
    );
    await expect(cancelled).rejects.toThrow();
    // The answer comes before the export has cleared up.
    await poll(
      () => readdir(folder.path),
      (names) => names.length === 1,
    );
  });

  it('holds rows that are not sealed yet, and refuses what it does not know', async () => {
    await using home = await createTestHome();
    await using folder = await createFolder();
    await using daemon = await startDaemon(home, ['--hz', '50', '--process-interval', '0']);
    await untilSampled(daemon, 20);
    const path = join(folder.path, 'a.jsonl');
    const plain = { path, hours: 1, anonymize: false, columns: 'document' };
    const { result } = await daemon.client.request('export.recent', plain);
    expect((result as DataExportStats).rows).toBeGreaterThan(10);
    const wrong = daemon.client.request('export.recent', { path: 'a.csv', hours: 1 });
    await expect(wrong).rejects.toThrow(/"path" is "a.csv", wanted an absolute path/);
    const unknown = daemon.client.request('export.range', { path, k: 0, colour: 'red' });
    await expect(unknown).rejects.toThrow('"colour" is not known');
    const training = daemon.client.request('export.training', { path: `${folder.path}/t/` });
    await expect(training).rejects.toThrow(expect.objectContaining({ code: 'ERR_PREPARE_TOO_FEW_ROWS' }));
    expect(await readdir(folder.path)).toEqual(['a.jsonl']);
  });
});

/** Waits until a daemon has taken so many samples, all of them on disk. */
async function untilSampled(daemon: Daemon, count: number): Promise<void> {
  await poll(
    async () => (await daemon.client.request('status')).result as { samples: number },
    ({ samples }) => samples >= count,
  );
  await daemon.client.request('history.flush');
}

/** Waits until the export has begun to write. */
async function waitForFile(folder: string, child: { exitCode: number | null }): Promise<void> {
  while ((await readdir(folder)).length === 0) {
    if (child.exitCode !== null) throw new Error('the export ended before it was seen writing');
    await sleep(5);
  }
}
