// Hostile packages made by onnx itself, and random damage that nobody reported: typed errors, no crash, and
// the live model goes on.
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { isRuvectorError } from '../../../src/core/index.ts';
import { createModelHost, openRegistry } from '../../../src/models/index.ts';
import type { ModelHost, ModelRegistry } from '../../../src/models/index.ts';
import { contractOf, makeModels, readDraft, withModel } from '../../support/models/models.ts';

let models: string;
let directory: string;
let registry: ModelRegistry;
let host: ModelHost;
let live: string;
const row = new Float32Array(12).fill(0.1);

beforeAll(async () => {
  models = await makeModels();
  directory = await mkdtemp(join(tmpdir(), 'ruvector-hostile-'));
  registry = await openRegistry(directory);
  const draft = await readDraft(models, 'forest-a');
  host = await createModelHost({
    registry,
    name: 'memopt',
    ...contractOf(draft.manifest),
    loadTimeoutMs: 15_000,
  });
  live = (await registry.add(draft)).version;
  await host.activate(live);
});
afterAll(async () => {
  await host.close();
  await rm(directory, { recursive: true, force: true });
});

it.each([
  ['domain', 'ERR_MODEL_UNKNOWN_DOMAIN'],
  ['domain-unimported', 'ERR_MODEL_UNKNOWN_DOMAIN'],
  ['domain-subgraph', 'ERR_MODEL_UNKNOWN_DOMAIN'],
  ['external', 'ERR_MODEL_EXTERNAL_DATA'],
  ['external-attribute', 'ERR_MODEL_EXTERNAL_DATA'],
  ['external-entries', 'ERR_MODEL_EXTERNAL_DATA'],
  ['external-function', 'ERR_MODEL_EXTERNAL_DATA'],
  ['external-sparse', 'ERR_MODEL_EXTERNAL_DATA'],
  ['external-subgraph', 'ERR_MODEL_EXTERNAL_DATA'],
  ['opset-high', 'ERR_MODEL_OPSET'],
  ['ir-high', 'ERR_MODEL_OPSET'],
  ['narrow', 'ERR_MODEL_SHAPE'],
  ['double-input', 'ERR_MODEL_SHAPE'],
  ['loop', 'ERR_MODEL_LIMIT'],
  ['tree-loop', 'ERR_MODEL_TREE'],
])('add() refuses %s with %s', async (kind, code) => {
  await expect(registry.add(await readDraft(models, kind))).rejects.toThrow(
    expect.objectContaining({ code }),
  );
});

it.each(['forest-a', 'forest-b', 'boosting', 'logistic', 'linear', 'subgraph'])(
  'add() takes %s',
  async (kind) => {
    await expect(registry.add(await readDraft(models, kind))).resolves.toMatchObject({ name: 'memopt' });
  },
);

it('activate() refuses a package that grew to a gigabyte of zeros on disk by its size', async () => {
  const { version } = await registry.add(await readDraft(models, 'linear'));
  const file = await open(join(directory, 'memopt', version, 'model.onnx'), 'w');
  await file.truncate(2 ** 30);
  await file.close();
  const before = process.memoryUsage().rss;
  await expect(host.activate(version)).rejects.toThrow(
    expect.objectContaining({ code: 'ERR_MODEL_TOO_LARGE' }),
  );
  expect(process.memoryUsage().rss - before).toBeLessThan(100 << 20);
  expect(host.liveVersion).toBe(`memopt@${live}`);
});

it('add() refuses damage that the manifest vouches for, or the golden rows still hold', async () => {
  const drafts = await Promise.all(
    ['linear', 'logistic', 'boosting', 'forest-b'].map((kind) => readDraft(models, kind)),
  );
  const expected = await host.predict(row);
  const change = fc.tuple(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), fc.nat(255));
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...drafts),
      fc.array(change, { minLength: 1, maxLength: 3 }),
      async (draft, changes) => {
        const model = draft.model.slice();
        for (const [at, value] of changes) model[Math.floor(at * model.length)] = value;
        const outcome = await registry
          .add(withModel(draft, model))
          .then(({ version }) => host.verify(`memopt@${version}`))
          .catch((error: unknown) => error);
        const isRefused = isRuvectorError(outcome) && outcome.code.startsWith('ERR_MODEL_');
        expect(isRefused || (outcome as { labelMismatches: number }).labelMismatches === 0).toBe(true);
        expect(await host.predict(row)).toEqual(expected);
      },
    ),
    { numRuns: 40 },
  );
  expect(host.liveVersion).toBe(`memopt@${live}`);
});
