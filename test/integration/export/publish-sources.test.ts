// What can be published, and where to: training exports, a history with its tables, a bucket; and the command line.
import { execFile } from 'node:child_process';
import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openHistorySource, publishDataset, verifyDataset } from '../../../src/export/publish/index.ts';
import type { PublishReport } from '../../../src/export/publish/index.ts';
import { buildFeatureSpec } from '../../../src/prepare/index.ts';
import { openHistory } from '../../../src/store/index.ts';
import type { History } from '../../../src/store/index.ts';
import { pressuredSnapshots } from '../../support/memory-rows.ts';
import { startS3Server } from '../../support/export/s3-server.ts';
import type { S3Server } from '../../support/export/s3-server.ts';
import { editCard, writeTrainingFolder } from '../../support/export/training-folder.ts';
import { processScans } from '../../support/export/process-scans.ts';

const command = join(import.meta.dirname, '../../../bin/ruvector-memopt.mjs');

let root: string;
let count = 0;
const nextPath = (): string => join(root, `place-${count++}`);

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'ruvector-publish-sources-'));
});
afterAll(async () => rm(root, { recursive: true, force: true }));

async function trainingFolder(
  rows = 600,
  config: Parameters<typeof writeTrainingFolder>[2] = {},
): Promise<string> {
  const folder = nextPath();
  await writeTrainingFolder(folder, rows, config);
  return folder;
}

describe('publishDataset() of a training export', () => {
  it.each(['class', 'index'] as const)('gives the same dataset with labels as %s', async (labelType) => {
    const report = await publishDataset(await trainingFolder(600, { labelType }), {
      to: nextPath(),
      name: 'x',
    });
    const schema = JSON.parse(await readFile(join(report.to, 'schema.json'), 'utf8')) as {
      $defs: { training: { properties: Record<string, unknown> } };
    };
    const names = Object.keys(schema.$defs.training.properties);
    expect(names.at(0)).toBe('timestamp');
    expect(names.at(-1)).toBe('label');
    expect(names).not.toContain('trend');
    expect(names).not.toContain('label_index');
    expect(report.privacy).toMatchObject({ anonymized: true, timePrecisionMs: 3_600_000 });
    expect(report.privacy.k).toBeGreaterThanOrEqual(5);
  });

  it('refuses one that says that it is not anonymised, and publishes it when that is wanted', async () => {
    const folder = await trainingFolder(600, { anonymize: false });
    const refused = publishDataset(folder, { to: nextPath() });
    await expect(refused).rejects.toMatchObject({ code: 'ERR_EXPORT_NOT_ANONYMOUS' });
    const report = await publishDataset(folder, { to: nextPath(), allowIdentifying: true });
    expect(report.privacy.anonymized).toBe(false);
  });

  it('refuses one whose times are exact although it says they are not', async () => {
    const folder = await trainingFolder(600, { anonymize: false });
    await editCard(folder, (card) =>
      Object.assign(card['privacy']!, { anonymized: true, timePrecisionMs: 3_600_000 }),
    );
    await expect(publishDataset(folder, { to: nextPath() })).rejects.toThrow(
      /says whole hours, but holds 2024-/,
    );
  });

  it('refuses one whose times are finer than an hour', async () => {
    const folder = await trainingFolder(600, { timePrecisionMs: 60_000 });
    await expect(publishDataset(folder, { to: nextPath() })).rejects.toThrow('precise to 60000 ms');
  });

  it('leaves out the rows of hours that hold fewer than k, and refuses it when none stay', async () => {
    // 3,800 s from midnight: the second hour has fewer rows than the first.
    const folder = await trainingFolder(3800);
    const report = await publishDataset(folder, { to: nextPath(), k: 1000 });
    expect(report.privacy.rowsSuppressed).toBeGreaterThan(0);
    expect(report.privacy.k).toBeGreaterThanOrEqual(1000);
    const refused = publishDataset(folder, { to: nextPath(), k: 100_000 });
    await expect(refused).rejects.toThrow('no hour has 100000 rows');
  });

  it('refuses one whose files are not those of its card', async () => {
    const folder = await trainingFolder();
    await appendFile(join(folder, 'train.parquet'), 'x');
    await expect(publishDataset(folder, { to: nextPath() })).rejects.toThrow(
      '"train.parquet" is not the file',
    );
    await editCard(folder, (card) =>
      Object.assign(card['files']![0 as never] as object, { path: '../secret' }),
    );
    await expect(publishDataset(folder, { to: nextPath() })).rejects.toThrow(
      'names "../secret", outside of it',
    );
  });

  it('refuses one in another format or without a card', async () => {
    const folder = await trainingFolder(600, { format: 'csv' });
    await expect(publishDataset(folder, { to: nextPath() })).rejects.toThrow('its files are csv');
    await writeFile(join(folder, 'dataset.json'), '{}');
    await expect(publishDataset(folder, { to: nextPath() })).rejects.toThrow(
      'not the card of a training export',
    );
  });
});

describe('publishDataset() of a history', () => {
  let history: History;

  beforeAll(async () => {
    history = await openHistory(nextPath(), { retainMs: Infinity });
    const rows = pressuredSnapshots(900);
    history.append('memory', rows);
    history.append('process', processScans(rows));
    await history.flush();
  });
  afterAll(async () => history.close());

  async function publish(to: string, keyFile?: string): Promise<PublishReport> {
    const source = await openHistorySource(history, {
      spec: buildFeatureSpec(),
      horizonMs: 20_000,
      tables: ['memory', 'process'],
      keyFile,
      nowMs: Date.now(),
    });
    return publishDataset(source, { to, name: 'history' });
  }

  it('gives its tables as further configurations, without names or exact times', async () => {
    const report = await publish(nextPath());
    expect(Object.keys(report.tables)).toEqual(['training', 'memory', 'process']);
    const everything = await Promise.all(
      report.files.map(async ({ path }) => readFile(join(report.to, path), 'latin1')),
    );
    expect(everything.join('')).not.toContain('secret-process');
    const privacy = await readFile(join(report.to, 'PRIVACY.md'), 'utf8');
    expect(privacy).toContain('| key | destroyed |');
  });

  it('releases the same bytes again with a kept key, and a new version without one', async () => {
    const [to, keyFile] = [nextPath(), nextPath()];
    await publish(to, keyFile);
    expect((await stat(keyFile)).mode & 0o777).toBe(0o600);
    expect(await publish(to, keyFile)).toMatchObject({ change: 'none' });
    const other = await publish(to);
    expect(other).toMatchObject({ change: 'major', version: '2.0.0' });
    expect(other.reasons.join()).toContain('process/train were changed');
  });

  it('refuses a file that is no key', async () => {
    const keyFile = nextPath();
    await writeFile(keyFile, 'password');
    await expect(publish(nextPath(), keyFile)).rejects.toMatchObject({ code: 'ERR_EXPORT_KEY_FILE' });
  });
});

describe('publishDataset() to a bucket', () => {
  let s3: S3Server;
  beforeAll(async () => {
    s3 = await startS3Server();
  });
  afterAll(async () => s3[Symbol.asyncDispose]());

  it('makes the same dataset as in a folder, follows its versions and is verified', async () => {
    const folder = await trainingFolder(5000);
    const [to, local] = [`s3://${s3.bucket}/hosts/one`, nextPath()];
    const there = { endpointUrl: s3.url, to, name: 'one' };
    const first = await publishDataset(folder, { ...there, shardBytes: 10_000 });
    expect(first.files.some(({ path }) => path === 'data/train-00001-of-00002.parquet')).toBe(true);
    expect(await publishDataset(folder, { ...there, shardBytes: 10_000 })).toMatchObject({ change: 'none' });

    const second = await publishDataset(folder, there);
    expect(second).toMatchObject({ change: 'patch', version: '1.0.1' });
    expect(second.removed).toEqual([
      'data/train-00000-of-00002.parquet',
      'data/train-00001-of-00002.parquet',
    ]);
    const { files } = await publishDataset(folder, { to: local, name: 'one' });
    const data = (list: PublishReport['files']): unknown =>
      list.filter(({ path }) => path.startsWith('data/'));
    expect(data(second.files)).toEqual(data(files));
    expect(await verifyDataset(to, { endpointUrl: s3.url })).toMatchObject({ ok: true, version: '1.0.1' });

    const foreign = { Bucket: s3.bucket, Key: 'hosts/one/data/more.txt', Body: 'x' };
    await s3.client.send(new PutObjectCommand(foreign));
    const report = await verifyDataset(to, { endpointUrl: s3.url });
    expect(report.problems).toEqual(['"data/more.txt" is not part of the dataset']);
    await expect(publishDataset(folder, there)).rejects.toThrow('the version that is there is damaged');
  });

  it('lets one of two publishers win and tells the other, and takes over from one that died', async () => {
    const folder = await trainingFolder();
    const there = { endpointUrl: s3.url, to: `s3://${s3.bucket}/hosts/busy`, name: 'busy' };
    const both = await Promise.allSettled([publishDataset(folder, there), publishDataset(folder, there)]);
    const [lost] = both.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[];
    expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(lost!.reason).toMatchObject({ code: 'ERR_EXPORT_BUSY', details: { path: there.to } });
    expect(await verifyDataset(there.to, { endpointUrl: s3.url })).toMatchObject({ ok: true, problems: [] });

    // What a publisher leaves that is killed; the server keeps the time of it.
    const claim = { Bucket: s3.bucket, Key: 'hosts/busy/.publishing' };
    await s3.client.send(new PutObjectCommand({ ...claim, Body: 'gone' }));
    await expect(publishDataset(folder, there)).rejects.toMatchObject({ code: 'ERR_EXPORT_BUSY' });
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 6 * 60_000 });
    try {
      expect(await publishDataset(folder, there)).toMatchObject({ change: 'none' });
    } finally {
      vi.useRealTimers();
    }
    expect(await publishDataset(folder, there)).toMatchObject({ change: 'none' });
  });

  it('verifyDataset() says so when it is not there', async () => {
    const refused = verifyDataset('s3://no-such-bucket/x', { endpointUrl: s3.url });
    await expect(refused).rejects.toMatchObject({ code: 'ERR_EXPORT_S3', details: { code: 'NoSuchBucket' } });
  });
});

describe('publish', () => {
  const run = async (...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> =>
    promisify(execFile)(process.execPath, [command, 'publish', ...args]).then(
      (output) => ({ code: 0, ...output }),
      (error: { code: number; stdout: string; stderr: string }) => error,
    );

  it('signs, verifies, and exits with 1 and what is wrong once a file was changed', async () => {
    const [folder, to, key] = [await trainingFolder(), nextPath(), nextPath()];
    expect((await run('keygen', key)).code).toBe(0);
    const published = await run(folder, '--target', to, '--sign', key, '--json');
    expect(JSON.parse(published.stdout)).toMatchObject({ version: '1.0.0', change: 'first' });
    const good = await run('verify', to, '--public-key', `${key}.pub`);
    expect(good).toMatchObject({ code: 0, stdout: expect.stringContaining('the key you named') as string });
    await appendFile(join(to, 'README.md'), 'x');
    const bad = await run('verify', to, '--json');
    expect(bad.code).toBe(1);
    expect(JSON.parse(bad.stdout)).toMatchObject({
      ok: false,
      problems: [expect.stringContaining('"README.md"')],
    });
  });

  it('releases the history of a home', async () => {
    const [home, to] = [nextPath(), nextPath()];
    const rows = pressuredSnapshots(900);
    await using history = await openHistory(join(home, 'history'), { retainMs: Infinity });
    history.append('memory', rows);
    await history.close();
    const args = [
      '--home',
      home,
      'history',
      '--target',
      to,
      '--horizon',
      '20',
      '--tables',
      'memory',
      '--json',
    ];
    const { code, stdout, stderr } = await run(...args);
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ version: '1.0.0', tables: { memory: { train: 900 } } });
  });

  it('releases the memory table of a host that was never short of memory', async () => {
    const [home, to] = [nextPath(), nextPath()];
    const quiet = pressuredSnapshots(900).map((row) => ({
      ...row,
      mem_available_kib: row.mem_total_kib * 0.9,
      psi_memory_some_us: 0,
      psi_memory_full_us: 0,
    }));
    await using history = await openHistory(join(home, 'history'), { retainMs: Infinity });
    history.append('memory', quiet);
    await history.close();
    const args = ['--home', home, 'history', '--target', to, '--horizon', '20', '--json'];
    const { code, stdout, stderr } = await run(...args, '--tables', 'memory');
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ tables: { memory: { train: 900 } } });
    // A training set alone is for a classifier, which has nothing to learn there.
    const alone = await run(...args.slice(0, 4), nextPath(), '--horizon', '20');
    expect(alone).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('ERR_PREPARE_ONE_CLASS') as string,
    });
  });

  it('exits with 2 for what does not belong together', async () => {
    const answer = await run('training/', '--target', 'x', '--hours', '2', '--key-file', 'y');
    expect(answer.code).toBe(2);
    expect(answer.stderr).toContain('--hours is only for "history"; --key-file is only for "history"');
    const other = await run('history', '--target', 'x', '--hours', '2', '--from', '-2h', '--tables', 'files');
    expect(other.stderr).toContain('--tables holds "files"');
    expect(other.stderr).toContain('--hours excludes --from');
  });

  it('exits with 2 without a target, and says what is exposed without anonymisation', async () => {
    expect(await run('training/')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--target <folder>') as string,
    });
    const exposed = await run('training/', '--target', 'x', '--no-anonymize');
    expect(exposed).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('exact times of this host') as string,
    });
  });
});
