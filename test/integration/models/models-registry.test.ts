// The registry on a real file system: packages, pointers, damage, a full disk and kill -9.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { sha256Of } from '../../../src/core/index.ts';
import { openRegistry } from '../../../src/models/index.ts';
import type { ModelDraft, ModelId, ModelRegistry } from '../../../src/models/index.ts';
import { makeModels, readDraft } from '../../support/models/models.ts';

let models: string;
let directory: string;
let registry: ModelRegistry;

beforeAll(async () => {
  models = await makeModels();
});
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ruvector-registry-'));
  registry = await openRegistry(directory);
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const add = async (kind: string): Promise<ModelId> => registry.add(await readDraft(models, kind));
const fileOf = ({ name, version }: ModelId, file: string): string => join(directory, name, version, file);
const code = (expected: string): unknown => expect.objectContaining({ code: expected });

it('add() writes the package byte for byte and makes it the candidate', async () => {
  const draft = await readDraft(models, 'forest-a');
  const id = await registry.add(draft);
  expect(id.version).toMatch(/^\d{8}T\d{9}-[0-9a-f]{8}$/);
  expect(id.version.slice(-8)).toBe(sha256Of(draft.model).slice(0, 8));
  expect(new Uint8Array(await readFile(fileOf(id, 'model.onnx')))).toEqual(draft.model);
  expect(new Uint8Array(await readFile(fileOf(id, 'golden.arrow')))).toEqual(draft.golden);
  expect(await registry.aliases('memopt')).toEqual({ live: null, previous: null, candidate: id.version });
  const { manifest } = await registry.show('memopt@candidate');
  expect(manifest).toMatchObject({ ...draft.manifest, version: id.version });
});

it('add() gives the same bytes two versions', async () => {
  const first = await add('linear');
  const second = await add('linear');
  expect(second.version).not.toBe(first.version);
  expect((await registry.list())[0]!.versions).toEqual([first.version, second.version]);
});

it('setLive() moves the pointers and rollback() goes back once', async () => {
  const a = await add('forest-a');
  const b = await add('forest-b');
  await registry.setLive('memopt', a.version);
  expect(await registry.setLive('memopt', b.version)).toEqual({
    live: b.version,
    previous: a.version,
    candidate: null,
  });
  expect(await registry.rollback('memopt')).toEqual({ live: a.version, previous: null, candidate: null });
  await expect(registry.rollback('memopt')).rejects.toThrow(code('ERR_MODEL_NO_PREVIOUS'));
  expect(await registry.resolve('memopt')).toEqual(a);
  expect(await registry.resolve(`memopt@${b.version}`)).toEqual(b);
});

it('setLive() called many times at once leaves pointers that follow one order', async () => {
  const ids = [await add('forest-a'), await add('forest-b'), await add('linear')];
  const results = await Promise.all(ids.map((id) => registry.setLive('memopt', id.version)));
  expect(results.map((aliases) => aliases.live)).toEqual(ids.map((id) => id.version));
  expect(await registry.aliases('memopt')).toMatchObject({
    live: ids[2]!.version,
    previous: ids[1]!.version,
  });
});

it('remove() takes a version that no alias names, and says which alias names the others', async () => {
  const [a, b, c, d] = [
    await add('forest-a'),
    await add('forest-b'),
    await add('linear'),
    await add('linear'),
  ];
  await registry.setLive('memopt', a.version);
  await registry.setLive('memopt', b.version);
  for (const [{ version }, alias] of [
    [a, 'previous'],
    [b, 'live'],
    [d, 'candidate'],
  ] as const) {
    await expect(registry.remove('memopt', version)).rejects.toThrow(
      expect.objectContaining({
        code: 'ERR_MODEL_IN_USE',
        message: expect.stringContaining(`it is ${alias}`),
      }),
    );
  }
  {
    using _held = registry.hold('memopt', c.version);
    await expect(registry.remove('memopt', c.version)).rejects.toThrow(code('ERR_MODEL_IN_USE'));
  }
  await registry.remove('memopt', c.version);
  const [listing] = await registry.list();
  expect(listing).toMatchObject({ versions: [a.version, b.version, d.version], damaged: [] });
  expect(listing!.summaries[1]).toEqual({
    version: b.version,
    created: '2026-01-01T00:00:00.000Z',
    estimator: 'RandomForestClassifier',
    task: 'classification',
    macroF1: null,
    averagePrecision: null,
    mae: null,
    interval: null,
    baselines: {},
    aliases: ['live'],
  });
});

it('openRegistry() refuses a name or reference that leaves the directory in every call', async () => {
  const draft = await readDraft(models, 'linear');
  const name = '../escape';
  const manifest = { ...draft.manifest, name };
  await expect(registry.add({ ...draft, name, manifest })).rejects.toThrow(code('ERR_MODEL_NAME'));
  await expect(registry.show('memopt@../../x')).rejects.toThrow(code('ERR_MODEL_NAME'));
  await expect(registry.setLive(name, 'x')).rejects.toThrow(code('ERR_MODEL_NAME'));
  await expect(registry.setLive('memopt', '../x')).rejects.toThrow(code('ERR_MODEL_NAME'));
  await expect(registry.aliases(name)).rejects.toThrow(code('ERR_MODEL_NAME'));
  expect((await readdir(directory)).filter((entry) => entry !== '.lock.db')).toEqual([]);
});

it.each<[string, (draft: ModelDraft) => ModelDraft, string]>([
  ['cut bytes', (d) => ({ ...d, model: d.model.slice(0, -100) }), 'ERR_MODEL_SHA256'],
  ['a flipped bit', (d) => ({ ...d, model: d.model.with(999, d.model[999]! ^ 1) }), 'ERR_MODEL_SHA256'],
  ['cut golden rows', (d) => ({ ...d, golden: d.golden.slice(0, 500) }), 'ERR_MODEL_SHA256'],
  ['a gigabyte of zeros', (d) => ({ ...d, model: new Uint8Array(2 ** 30) }), 'ERR_MODEL_TOO_LARGE'],
  ['a manifest of another model', (d) => ({ ...d, name: 'other' }), 'ERR_MODEL_MANIFEST'],
])('add() refuses %s and writes nothing', async (_, change, expected) => {
  const draft = change(await readDraft(models, 'forest-a'));
  await expect(registry.add(draft)).rejects.toThrow(code(expected));
  expect(await registry.list()).toEqual([]);
});

it('show() reports a cut or changed manifest and leaves it where it is', async () => {
  const id = await add('linear');
  const text = await readFile(fileOf(id, 'manifest.json'), 'utf8');
  for (const damaged of [text.slice(0, 200), '', text.replace('"rows": 33', '"rows": 32')]) {
    await writeFile(fileOf(id, 'manifest.json'), damaged);
    await expect(registry.show('memopt@candidate')).rejects.toThrow(code('ERR_MODEL_MANIFEST'));
    expect(await readFile(fileOf(id, 'manifest.json'), 'utf8')).toBe(damaged);
  }
});

it('setAside() keeps a damaged package out of reach', async () => {
  const id = await add('linear');
  const path = await registry.setAside('memopt', id.version);
  await expect(registry.show('memopt@candidate')).rejects.toThrow(code('ERR_MODEL_NOT_FOUND'));
  expect((await readdir(path!)).sort()).toEqual(['golden.arrow', 'manifest.json', 'model.onnx']);
  expect(await registry.aliases('memopt')).toEqual({ live: null, previous: null, candidate: null });
});

const script = join(import.meta.dirname, '../../support/models/add-model.ts');

it('add() on a full disk says so, keeps what is live and leaves nothing half-written', async () => {
  const live = await add('linear');
  await registry.setLive('memopt', live.version);
  const limited = [
    '-c',
    'ulimit -S -f 128; exec "$@"',
    '-',
    process.execPath,
    script,
    directory,
    models,
    'forest-a',
  ];
  const { stdout } = await promisify(execFile)('bash', limited);
  expect(stdout.trim()).toBe('ERR_MODEL_STORE');
  expect(await registry.resolve('memopt')).toEqual(live);
  expect((await readdir(join(directory, 'memopt'))).sort()).toEqual([
    live.version,
    'aliases.backup.json',
    'aliases.json',
  ]);
});

it('openRegistry() finds whole packages and valid pointers after kill -9 while models were added and activated', async () => {
  for (let round = 0; round < 5; round++) {
    const child = spawn(process.execPath, [script, directory, models, 'linear', '10000'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    await new Promise((resolve) => setTimeout(resolve, 7 * round));
    child.kill('SIGKILL');
    await once(child, 'exit');
    const reopened = await openRegistry(directory);
    const [listing] = await reopened.list();
    expect(listing!.aliases!.live).not.toBeNull();
    const found = await Promise.all(listing!.versions.map((version) => reopened.show(`memopt@${version}`)));
    expect(found.length).toBeGreaterThan(0);
    await expect(reopened.resolve('memopt@live')).resolves.toMatchObject({ name: 'memopt' });
  }
});
