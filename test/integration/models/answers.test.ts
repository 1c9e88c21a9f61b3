// What calls itself probabilities and is none is refused at deploy, whoever vouches for it; a rounding is not.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createModelHost, openRegistry } from '../../../src/models/index.ts';
import type { ModelHost, ModelRegistry } from '../../../src/models/index.ts';
import { contractOf, makeModels, readDraft, withModel } from '../../support/models/models.ts';

let models: string;
let directory: string;
let registry: ModelRegistry;
let host: ModelHost;

beforeAll(async () => {
  models = await makeModels();
  directory = await mkdtemp(join(tmpdir(), 'ruvector-answers-'));
  registry = await openRegistry(directory);
  const { manifest } = await readDraft(models, 'linear');
  host = await createModelHost({ registry, name: 'memopt', ...contractOf(manifest), isolation: 'none' });
});
afterAll(async () => {
  await host.close();
  await rm(directory, { recursive: true, force: true });
});

const improper: [kind: string, why: RegExp][] = [
  ['raw-scores', /outside 0 to 1: raw scores or logits/],
  ['log-probabilities', /outside 0 to 1: raw scores or logits/],
  ['percents', /outside 0 to 1: raw scores or logits/],
  ['beyond-one', /outside 0 to 1: raw scores or logits/],
  ['one-against-rest', /sums to [\d.]+ and not to 1/],
  ['half-shares', /sums to 0\.5 and not to 1/],
  ['softmax-of-the-batch', /sums to [\d.]+ and not to 1/],
  ['argmin-labels', /the label is not the most probable class/],
  ['one-label', /the label is not the most probable class/],
  ['turned-labels', /the label is not the most probable class/],
  ['labels-by-position', /has label 2, which is not among its classes 0, 1, 3/],
  ['labels-outside', /has label 7, which is not among its classes 0, 1, 3/],
];

it.each(improper)('add() refuses %s although its golden rows say the same', async (kind, why) => {
  const added = registry.add(await readDraft(models, kind));
  await expect(added).rejects.toMatchObject({
    code: 'ERR_MODEL_PROBABILITIES',
    message: expect.stringMatching(why),
  });
});

it.each(improper)('activate() refuses %s under golden rows of a sound model', async (kind, why) => {
  const { model } = await readDraft(models, kind);
  const { version } = await registry.add(withModel(await readDraft(models, 'linear'), model));
  await expect(host.activate(version)).rejects.toMatchObject({
    code: 'ERR_MODEL_PROBABILITIES',
    message: expect.stringMatching(why),
  });
  expect(host.liveVersion).toBeNull();
});

it('predict() of a model that overshoots by a rounding gives shares from 0 to 1 that sum to 1', async () => {
  const { version } = await registry.add(await readDraft(models, 'overshoot'));
  await host.activate(version);
  let clipped = 0;
  for (let i = -50; i <= 50; i++) {
    const { probabilities } = await host.predict(new Float32Array(12).fill(i));
    expect(probabilities.every((p) => p >= 0 && p <= 1)).toBe(true);
    expect(probabilities.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 6);
    if (probabilities.includes(0) && probabilities.includes(1)) clipped++;
  }
  expect(clipped).toBeGreaterThan(20);
});
