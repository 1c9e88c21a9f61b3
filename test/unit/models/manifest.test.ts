// manifest.json: checks, checksum and what damage looks like.
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { isRuvectorError, labels } from '../../../src/core/index.ts';
import { buildManifest, parseManifest, parseManifestDraft } from '../../../src/models/manifest.ts';
import type { ManifestDraft } from '../../../src/models/manifest.ts';

const hex = 'a'.repeat(64);
const draft: ManifestDraft = {
  format: 1,
  name: 'memopt',
  created: '2026-01-01T00:00:00.000Z',
  features: [
    { name: 'a', dtype: 'float32' },
    { name: 'b', dtype: 'float32' },
  ],
  featureSpecSha256: hex,
  input: { name: 'X', dtype: 'float32', shape: [null, 2] },
  outputs: { label: 'label', probabilities: 'probabilities' },
  labels,
  classes: [0, 1, 3],
  trainer: { estimator: 'RandomForestClassifier', parameters: { max_depth: 8 }, versions: {} },
  dataset: { id: 'd', sha256: hex, rows: 10 },
  metrics: { macroF1: 0.5 },
  parity: { rows: 10, maxAbsDiff: 0.25 },
  golden: { sha256: hex, rows: 10 },
  model: { sha256: hex, sizeBytes: 100, opset: { '': 18 } },
};
const version = '20260101T000000000-aaaaaaaa';

it('parseManifest() reads back what buildManifest() made', () => {
  const manifest = buildManifest(draft, version);
  expect(parseManifest(JSON.stringify(manifest, null, 2))).toEqual(manifest);
  expect(manifest).toMatchObject({ ...draft, version });
});

it('buildManifest() takes the place of a version and checksum that were handed in', () => {
  const again = buildManifest({ ...buildManifest(draft, version) }, version);
  expect(again).toEqual(buildManifest(draft, version));
});

/** A changed digit of the format makes it one of another release. */
const isRefusal = (error: unknown): boolean =>
  isRuvectorError(error, 'ERR_MODEL_MANIFEST') || isRuvectorError(error, 'ERR_MODEL_FORMAT');

it('parseManifest() notices any changed bit that keeps it JSON', () => {
  const bytes = new TextEncoder().encode(JSON.stringify(buildManifest(draft, version)));
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.nat(7), (at, bit) => {
      const flipped = bytes.with(at, bytes[at]! ^ (1 << bit));
      try {
        parseManifest(new TextDecoder().decode(flipped));
      } catch (error) {
        return isRefusal(error);
      }
      return false;
    }),
    { numRuns: 500 },
  );
});

it('parseManifest() refuses a cut file', () => {
  const text = JSON.stringify(buildManifest(draft, version));
  expect(() => parseManifest(text.slice(0, -5))).toThrow(/not JSON, the file is damaged/);
  expect(() => parseManifest('')).toThrow(/not JSON/);
});

it.each<[string, object]>([
  ['another format', { format: 2 }],
  ['no name', { name: null }],
  ['no features', { features: [] }],
  ['a feature twice', { features: [draft.features[0], draft.features[0]] }],
  ['a float64 feature', { features: [{ name: 'a', dtype: 'float64' }, draft.features[1]] }],
  ['an input of another width', { input: { ...draft.input, shape: [null, 3] } }],
  ['a fixed batch', { input: { ...draft.input, shape: [1, 2] } }],
  ['labels in another order', { labels: labels.toReversed() }],
  ['classes out of range', { classes: [0, 4] }],
  ['classes out of order', { classes: [1, 0] }],
  ['a class twice', { classes: [1, 1] }],
  ['no classes', { classes: [] }],
  ['a digest that is none', { model: { ...draft.model, sha256: 'xyz' } }],
  ['a size that is none', { model: { ...draft.model, sizeBytes: 'big' } }],
  ['no golden', { golden: null }],
  ['outputs without names', { outputs: {} }],
  ['a trainer without an estimator', { trainer: {} }],
  ['an engine that is none', { trainer: { estimator: 'x', engine: { name: 'spark' } } }],
  ['a run without hosts', { trainer: { estimator: 'x', engine: { name: 'flower', rounds: 2, hosts: 0 } } }],
  [
    'a privacy without bounds',
    { trainer: { estimator: 'x', engine: { name: 'flower', rounds: 1, hosts: 3, privacy: { epsilon: -1 } } } },
  ],
  ['a task that is none', { task: 'ranking' }],
  ['a detector with classes', { task: 'anomaly', outputs: { label: 'label', score: 'score' } }],
  ['a detector without a score', { task: 'anomaly', labels: undefined, classes: undefined }],
  ['a window of no steps', { window: { steps: 0, everyMs: 1000 } }],
  ['features of another window', { window: { steps: 3, everyMs: 1000 } }],
  ['a window whose columns are not those of its steps', { window: { steps: 2, everyMs: 1000 } }],
  ['a window of one step', { window: { steps: 1, everyMs: 1000 } }],
])('parseManifestDraft() refuses %s', (_, change) => {
  expect(() => parseManifestDraft({ ...draft, ...change })).toThrow(/its manifest/);
});

it.each([
  { name: 'ray', workers: 2, how: 'whole' },
  { name: 'flower', rounds: 3, hosts: 3, privacy: null },
  { name: 'flower', rounds: 3, hosts: 3, privacy: { epsilon: 4.2, delta: 1e-5 } },
])('parseManifestDraft() accepts where a model was trained: $name', (engine) => {
  const trainer = { estimator: 'x', engine };
  expect(parseManifestDraft({ ...draft, trainer }).trainer).toEqual(trainer);
});

it.each<[string, object]>([
  ['a detector', { task: 'anomaly', outputs: { label: 'label', score: 'score' } }],
  [
    'a forecast',
    {
      task: 'forecast',
      outputs: { value: 'value' },
      window: { steps: 2, everyMs: 1000 },
      features: ['b@-1', 'b@-0'].map((name) => ({ name, dtype: 'float32' })),
    },
  ],
])('parseManifestDraft() accepts %s without labels and classes', (_, parts) => {
  const { labels: _labels, classes: _classes, ...rest } = draft;
  expect(parseManifestDraft({ ...rest, ...parts })).toMatchObject(parts);
});

it('parseManifestDraft() accepts or refuses with a typed error, whatever it is given', () => {
  const keys = Object.keys(draft) as (keyof ManifestDraft)[];
  fc.assert(
    fc.property(fc.constantFrom(...keys), fc.jsonValue(), (key, value) => {
      try {
        parseManifestDraft({ ...draft, [key]: value });
      } catch (error) {
        return isRefusal(error);
      }
      return true;
    }),
  );
});
