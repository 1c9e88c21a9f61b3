// Publication on a real file system: the same bytes again, versions, refusals, damage that verify finds, kill -9 and
// a full disk.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFile,
  lstat,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { required } from '../../../src/core/index.ts';
import { createSigningKey, publishDataset, verifyDataset } from '../../../src/export/publish/index.ts';
import type {
  PublishColumn,
  PublishOptions,
  PublishReport,
  PublishSource,
} from '../../../src/export/publish/index.ts';
import { baseColumns, publishSource, rowsFrom } from '../../support/export/publish-source.ts';

const child = join(import.meta.dirname, '../../support/export/publish-forever.ts');

let root: string;
let count = 0;
const nextPath = (): string => join(root, `place-${count++}`);

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'ruvector-publish-'));
});
afterAll(async () => rm(root, { recursive: true, force: true }));

const small = (): PublishSource => publishSource({ train: rowsFrom(0, 100), test: rowsFrom(100, 20) });

async function publish(
  to: string,
  source: PublishSource = small(),
  options: Partial<PublishOptions> = {},
): Promise<PublishReport> {
  return publishDataset(source, { to, name: 'test', ...options });
}

async function readTree(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const pairs = files.map(async (path) => [
    path.slice(folder.length),
    (await readFile(path)).toString('base64'),
  ]);
  return Object.fromEntries(await Promise.all(pairs)) as Record<string, string>;
}

describe('publishDataset() into a clone of git', () => {
  const git = (cwd: string, ...args: string[]): string =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.org', ...args], {
      cwd,
      encoding: 'utf8',
    });

  async function clone(): Promise<string> {
    const [origin, place] = [nextPath(), nextPath()];
    git(root, 'init', '--quiet', '--bare', origin);
    git(root, 'clone', '--quiet', origin, place);
    await writeFile(join(place, '.gitattributes'), '*.parquet filter=none\n');
    git(place, 'add', '.gitattributes');
    git(place, 'commit', '--quiet', '--message', 'attributes');
    return place;
  }

  it('leaves git its files, the first time and again, and verifies', async () => {
    const place = await clone();
    const older = publishSource({ train: rowsFrom(0, 100), test: rowsFrom(100, 20) });
    const newer = publishSource({ train: rowsFrom(0, 130), test: rowsFrom(130, 20) });
    for (const [at, source] of [older, newer].entries()) {
      await publish(place, source);
      expect(await verifyDataset(place)).toMatchObject({ ok: true, problems: [] });
      git(place, 'add', '--all');
      git(place, 'commit', '--quiet', '--message', `version ${at}`);
      expect(git(place, 'status', '--porcelain')).toBe('');
    }
    expect(git(place, 'log', '--format=%s').trim().split('\n')).toEqual([
      'version 1',
      'version 0',
      'attributes',
    ]);
    expect(await readFile(join(place, '.gitattributes'), 'utf8')).toBe('*.parquet filter=none\n');
    git(place, 'push', '--quiet', 'origin', 'HEAD');
  });

  it('gives git its files back when it was killed before it had moved them', async () => {
    const place = await clone();
    await publish(place);
    const { pid } = spawnSync('true');
    const replaced = join(root, `.${basename(place)}.publish-${pid}-0badf00d`);
    await mkdir(replaced);
    await rename(join(place, '.git'), join(replaced, '.git'));
    await publish(place);
    expect(git(place, 'log', '--format=%s').trim()).toBe('attributes');
    expect((await readdir(root)).filter((name) => name.includes('0badf00d'))).toEqual([]);
  });

  it('still refuses a folder with files of somebody', async () => {
    const place = await clone();
    await writeFile(join(place, 'thesis.tex'), 'mine');
    await expect(publish(place)).rejects.toMatchObject({ code: 'ERR_EXPORT_PUBLISH_TARGET' });
    expect(await readFile(join(place, 'thesis.tex'), 'utf8')).toBe('mine');
  });
});

describe('publishDataset() again', () => {
  it('gives the same bytes for the same input at another place', async () => {
    const [a, b] = [nextPath(), nextPath()];
    await publish(a);
    await publish(b);
    expect(await readTree(a)).toEqual(await readTree(b));
  });

  it('leaves everything alone when nothing changed', async () => {
    const to = nextPath();
    await publish(to);
    const before = await stat(join(to, 'README.md'));
    expect(await publish(to)).toMatchObject({ change: 'none', version: '1.0.0', previousVersion: '1.0.0' });
    expect((await stat(join(to, 'README.md'))).ino).toBe(before.ino);
  });

  it('follows a link to the dataset, which stays', async () => {
    const [link, real] = [nextPath(), nextPath()];
    await mkdir(real);
    await symlink(real, link);
    expect(await publish(link)).toMatchObject({ version: '1.0.0' });
    expect(await publish(link, small(), { title: 'Other' })).toMatchObject({ version: '1.0.1' });
    expect((await lstat(link)).isSymbolicLink()).toBe(true);
    expect((await verifyDataset(real)).ok).toBe(true);
  });

  it('leaves no other file beside the dataset', async () => {
    const folder = nextPath();
    await mkdir(folder);
    await publish(join(folder, 'a'));
    await publish(join(folder, 'a'), small(), { title: 'Other' });
    expect(await readdir(folder)).toEqual(['a']);
  });

  it('takes a published dataset as its input', async () => {
    const [from, to] = [nextPath(), nextPath()];
    await publish(from, small(), { title: 'A title', license: 'CC0-1.0' });
    const report = await publishDataset(from, { to });
    expect(report).toMatchObject({
      name: 'test',
      version: '1.0.0',
      tables: { training: { train: 100, test: 20 } },
    });
    expect(await readTree(to)).toEqual(await readTree(from));
  });
});

const more: PublishColumn = { ...required('extra', 'int32', '1', 'more'), role: 'feature' };
const base = (): Record<string, ReturnType<typeof rowsFrom>> => ({
  train: rowsFrom(0, 100),
  test: rowsFrom(100, 20),
});

describe('publishDataset() over an earlier version', () => {
  it.each<[string, string, () => PublishSource, Partial<PublishOptions>]>([
    ['1.0.1', 'the same data described anew', small, { title: 'Another title' }],
    [
      '1.0.1',
      'the same rows in another order',
      () => publishSource({ ...base(), train: base()['train']!.toReversed() }),
      {},
    ],
    ['1.1.0', 'rows added', () => publishSource({ ...base(), train: rowsFrom(-5, 105) }), {}],
    ['1.1.0', 'a column added', () => publishSource(base(), [...baseColumns, more]), {}],
    ['1.1.0', 'a split added', () => publishSource({ ...base(), extra: rowsFrom(500, 3) }), {}],
    ['2.0.0', 'a row removed', () => publishSource({ ...base(), train: rowsFrom(0, 99) }), {}],
    [
      '2.0.0',
      'a row changed',
      () => publishSource({ ...base(), test: [...rowsFrom(100, 19), ...rowsFrom(7, 1)] }),
      {},
    ],
    ['2.0.0', 'a split removed', () => publishSource({ train: rowsFrom(0, 100) }), {}],
    [
      '2.0.0',
      'a column removed',
      () =>
        publishSource(
          base(),
          baseColumns.filter(({ name }) => name !== 'load'),
        ),
      {},
    ],
    [
      '2.0.0',
      'a unit changed',
      () =>
        publishSource(
          base(),
          baseColumns.map((c) => ({ ...c, unit: `${c.unit}!` })),
        ),
      {},
    ],
    ['3.5.0', 'a higher version asked for', small, { dataVersion: '3.5.0' }],
  ])('gives %s after 1.0.0 for %s', async (version, _, source, options) => {
    const to = nextPath();
    await publish(to);
    const report = await publish(to, source(), options);
    expect(report).toMatchObject({ version, previousVersion: '1.0.0' });
    expect(report.reasons.join()).not.toBe('');
    expect(await readFile(join(to, 'README.md'), 'utf8')).toContain(`- **${version}**`);
    expect(await verifyDataset(to)).toMatchObject({ ok: true, version });
  });

  it('refuses a version below what the changes ask for', async () => {
    const to = nextPath();
    await publish(to);
    const tree = await readTree(to);
    const changed = publishSource({ ...base(), train: rowsFrom(0, 99) });
    await expect(publish(to, changed, { dataVersion: '1.1.0' })).rejects.toThrow(
      /wanted at least 2\.0\.0, because 1 of the 100 rows/,
    );
    expect(await readTree(to)).toEqual(tree);
  });

  it('keeps the whole changelog, newest first', async () => {
    const to = nextPath();
    await publish(to);
    await publish(to, publishSource({ ...base(), train: rowsFrom(0, 120) }), { message: 'a second day' });
    await publish(to, publishSource({ ...base(), train: rowsFrom(0, 130) }));
    const text = await readFile(join(to, 'README.md'), 'utf8');
    const versions = [...text.matchAll(/^- \*\*(\d\.\d\.\d)\*\*/gm)].map((match) => match[1]);
    expect(versions).toEqual(['1.2.0', '1.1.0', '1.0.0']);
    expect(text).toContain('a second day');
  });
});

describe('publishDataset() refuses', () => {
  it('every option that cannot be used, in one report', async () => {
    const options = { name: 'Not Good', license: 'NO-SUCH', published: '2024-02-31', dataVersion: '1' };
    const wanted = /name is "Not Good".*license is "NO-SUCH".*published is "2024-02-31".*dataVersion is "1"/;
    await expect(publish(nextPath(), small(), options)).rejects.toThrow(wanted);
  });

  it('a source that is not anonymised, unless it is allowed to expose it', async () => {
    const source = small();
    const open = { ...source, privacy: { ...source.privacy, anonymized: false, timePrecisionMs: 1 } };
    await expect(publish(nextPath(), open)).rejects.toMatchObject({ code: 'ERR_EXPORT_NOT_ANONYMOUS' });
    const to = nextPath();
    expect((await publish(to, open, { allowIdentifying: true })).privacy.anonymized).toBe(false);
    expect(await readFile(join(to, 'PRIVACY.md'), 'utf8')).toContain('not anonymised');
  });

  it('a folder of other files, and leaves them', async () => {
    const to = nextPath();
    await mkdir(to);
    await writeFile(join(to, 'thesis.tex'), 'x');
    await expect(publish(to)).rejects.toThrow('it is a folder with other files');
    expect(await readdir(to)).toEqual(['thesis.tex']);
  });

  it('to replace a damaged version', async () => {
    const to = nextPath();
    await publish(to);
    await appendFile(join(to, 'schema.json'), ' ');
    await expect(publish(to)).rejects.toThrow(/damaged \("schema\.json" was changed/);
  });

  it('a place that cannot be written', async () => {
    const file = nextPath();
    await writeFile(file, '');
    await expect(publish(join(file, 'x', 'y'))).rejects.toMatchObject({ code: 'ERR_EXPORT_PUBLISH_TARGET' });
  });

  it('what is no folder, which stays as it is', async () => {
    const pipe = nextPath();
    execFileSync('mkfifo', [pipe]);
    for (const path of [pipe, '/dev/stdout']) {
      await expect(publish(path), path).rejects.toMatchObject({ code: 'ERR_EXPORT_PUBLISH_TARGET' });
    }
    expect((await lstat(pipe)).isFIFO()).toBe(true);
  });

  it('what is no dataset', async () => {
    const folder = nextPath();
    await mkdir(folder);
    for (const path of [folder, join(folder, 'nowhere')]) {
      await expect(publishDataset(path, { to: nextPath() })).rejects.toMatchObject({
        code: 'ERR_EXPORT_NOT_A_DATASET',
      });
    }
  });
});

describe('verifyDataset()', () => {
  const damages: readonly [string, (folder: string) => Promise<unknown>, RegExp][] = [
    [
      'a changed byte',
      async (folder) => appendFile(join(folder, 'data/train-00000-of-00001.parquet'), 'x'),
      /"data\/train-00000-of-00001\.parquet" was changed: its sha256 is [0-9a-f]{64}, not/,
    ],
    ['a missing file', async (folder) => rm(join(folder, 'LICENSE')), /^"LICENSE" is missing$/],
    [
      'a file more',
      async (folder) => writeFile(join(folder, 'data/train-00001-of-00001.parquet'), ''),
      /is not part of the dataset/,
    ],
    [
      'an empty folder more',
      async (folder) => mkdir(join(folder, 'data/more')),
      /"data\/more" is a folder with nothing in it/,
    ],
    [
      'a link',
      async (folder) => symlink('/etc/hostname', join(folder, 'data/link')),
      /"data\/link" is a symbolic link/,
    ],
    [
      'a link in the place of a file',
      async (folder) => {
        await rename(join(folder, 'LICENSE'), `${folder}-license`);
        await symlink(`${folder}-license`, join(folder, 'LICENSE'));
      },
      /"LICENSE" is a symbolic link/,
    ],
    [
      'a path that leaves the dataset',
      async (folder) => appendFile(join(folder, 'checksums.sha256'), `${'0'.repeat(64)}  ../x\n`),
      /"\.\.\/x" leaves the dataset/,
    ],
    [
      'no checksums',
      async (folder) => rm(join(folder, 'checksums.sha256')),
      /"checksums\.sha256" is missing/,
    ],
    [
      'emptied checksums',
      async (folder) => writeFile(join(folder, 'checksums.sha256'), ''),
      /"README\.md" is not part of the dataset/,
    ],
  ];

  it.each(damages)('finds %s', async (_, damage, wanted) => {
    const to = nextPath();
    await publish(to);
    await damage(to);
    const report = await verifyDataset(to);
    expect(report.ok).toBe(false);
    expect(
      report.problems.some((problem) => wanted.test(problem)),
      report.problems.join('\n'),
    ).toBe(true);
  });

  it('does not follow a link in the place of the dataset', async () => {
    const [to, link] = [nextPath(), nextPath()];
    await publish(to);
    await symlink(to, link);
    expect(await verifyDataset(link)).toMatchObject({ ok: false });
  });

  it('says that there is nothing', async () => {
    await expect(verifyDataset(nextPath())).rejects.toThrow('there is no such folder');
  });
});

describe('verifyDataset() of signatures', () => {
  it('takes the key in the dataset, or the one that is named', async () => {
    const [to, key] = [nextPath(), nextPath()];
    const made = await createSigningKey(key);
    expect((await stat(key)).mode & 0o777).toBe(0o600);
    const report = await publish(to, small(), { signingKey: key });
    expect(report.keyFingerprint).toBe(made.fingerprint);
    const good = { ok: true, signature: 'good', keyFingerprint: made.fingerprint };
    expect(await verifyDataset(to)).toMatchObject({ ...good, keyTrusted: false });
    expect(await verifyDataset(to, { publicKey: made.publicKey })).toMatchObject({
      ...good,
      keyTrusted: true,
    });
  });

  it('finds one added to a version that had none, which stays when nothing changes', async () => {
    const [to, key] = [nextPath(), nextPath()];
    await createSigningKey(key);
    await publish(to);
    expect(await publish(to, small(), { signingKey: key })).toMatchObject({
      change: 'none',
      version: '1.0.0',
    });
    expect((await verifyDataset(to)).signature).toBe('good');
    await publish(to);
    expect((await verifyDataset(to)).signature).toBe('good');
  });

  it.each<[string, RegExp, (to: string, other: string) => Promise<unknown>]>([
    [
      'data changed with its checksum',
      /is not a signature of/,
      async (to) => {
        await rm(join(to, 'LICENSE'));
        const text = await readFile(join(to, 'checksums.sha256'), 'utf8');
        await writeFile(join(to, 'checksums.sha256'), text.replace(/.*LICENSE\n/, ''));
      },
    ],
    [
      'a cut signature',
      /is not a signature of/,
      async (to) => writeFile(join(to, 'checksums.sha256.sig'), 'x'),
    ],
    [
      'another key beside it',
      /is not a signature of/,
      async (to, other) => writeFile(join(to, 'checksums.sha256.pub'), await readFile(`${other}.pub`)),
    ],
    ['no key', /"checksums\.sha256\.pub" is missing/, async (to) => rm(join(to, 'checksums.sha256.pub'))],
    [
      'no signature but a key',
      /"checksums\.sha256\.sig" is missing/,
      async (to) => rm(join(to, 'checksums.sha256.sig')),
    ],
    ['no PEM', /it is no key in PEM/, async (to) => writeFile(join(to, 'checksums.sha256.pub'), 'x')],
  ])('refuses one with %s', async (_, wanted, damage) => {
    const [to, key, other] = [nextPath(), nextPath(), nextPath()];
    await createSigningKey(key);
    await createSigningKey(other);
    await publish(to, small(), { signingKey: key });
    await damage(to, other);
    expect((await verifyDataset(to)).problems.join('\n')).toMatch(wanted);
  });

  it('refuses that of another key than the named one, and none', async () => {
    const [to, key, other] = [nextPath(), nextPath(), nextPath()];
    await createSigningKey(key);
    await createSigningKey(other);
    await publish(to);
    expect((await verifyDataset(to, { publicKey: `${other}.pub` })).problems).toEqual(['it is not signed']);
    await publish(to, small(), { signingKey: key });
    expect((await verifyDataset(to, { publicKey: `${other}.pub` })).ok).toBe(false);
  });

  it('needs an Ed25519 key, which createSigningKey() never overwrites', async () => {
    const key = nextPath();
    await createSigningKey(key);
    await expect(createSigningKey(key)).rejects.toThrow(/something else has that name .*name another path/);
    await expect(publish(nextPath(), small(), { signingKey: nextPath() })).rejects.toThrow(
      'there is no such file (ENOENT)',
    );
    const text = nextPath();
    await writeFile(text, 'hello');
    await expect(publish(nextPath(), small(), { signingKey: text })).rejects.toThrow('no key in PEM');
  });
});

describe('publishDataset() that is killed', () => {
  it('leaves the old version or the new one, whole, and the next one cleans up', async () => {
    const folder = nextPath();
    await mkdir(folder);
    const to = join(folder, 'kill');
    await publishDataset(publishSource({ train: rowsFrom(50_000, 6000) }), { to, name: 'kill' });
    for (let round = 0; round < 8; round++) {
      const process = spawn(globalThis.process.execPath, [child, 'forever', to], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await once(createInterface({ input: process.stdout }), 'line');
      await new Promise((resolve) => setTimeout(resolve, 15 * round));
      process.kill('SIGKILL');
      await once(process, 'exit');
      expect(await verifyDataset(to)).toMatchObject({ ok: true });
    }
    await publishDataset(publishSource({ train: rowsFrom(0, 10) }), { to, name: 'kill' });
    expect(await readdir(folder)).toEqual(['kill']);
  });

  it('between the two renames of a file system that cannot exchange gets its old version back', async () => {
    const folder = nextPath();
    await mkdir(folder);
    const to = join(folder, 'two');
    await publish(to);
    await rename(to, join(folder, '.two.publish-old'));
    expect(await publish(to)).toMatchObject({ change: 'none', previousVersion: '1.0.0' });
    expect(await readdir(folder)).toEqual(['two']);
  });
});

describe('publishDataset() on a full disk', () => {
  it('says so, and leaves what was published before', async () => {
    const folder = nextPath();
    await mkdir(folder);
    const to = join(folder, 'full');
    await publish(to);
    const tree = await readTree(to);
    const limited = `ulimit -S -f 16; exec "$@"`;
    const { stdout } = spawnSync('bash', ['-c', limited, '-', process.execPath, child, 'once', to], {
      encoding: 'utf8',
    });
    expect(stdout).toMatch(/^ERR_EXPORT_PUBLISH_TARGET: .*what was published there before is untouched/);
    expect(await readTree(to)).toEqual(tree);
    expect(await readdir(folder)).toEqual(['full']);
  });
});
