// Static verification: each way a model is refused before a byte of it runs.
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { isRuvectorError, sha256Of } from '../../../src/core/index.ts';
import { verifyFeatures, verifyModelBytes } from '../../../src/models/verify.ts';
import type { ModelExpectations } from '../../../src/models/verify.ts';
import { bytesField, concat, intField, node, onnxBytes, valueInfo } from '../../support/models/onnx-bytes.ts';
import type { OnnxParts } from '../../support/models/onnx-bytes.ts';

function expectationsFor(bytes: Uint8Array): ModelExpectations {
  return {
    manifest: {
      features: [
        { name: 'a', dtype: 'float32' },
        { name: 'b', dtype: 'float32' },
      ],
      featureSpecSha256: 'e'.repeat(64),
      input: { name: 'X', dtype: 'float32', shape: [null, 2] },
      outputs: { label: 'label', probabilities: 'probabilities' },
      classes: [0, 3],
      model: { sha256: sha256Of(bytes), sizeBytes: bytes.length },
    },
  };
}

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (isRuvectorError(error)) return error.code;
    throw error;
  }
  return 'accepted';
}

const verifyParts = (parts: OnnxParts): string => {
  const bytes = onnxBytes(parts);
  return codeOf(() => verifyModelBytes(bytes, expectationsFor(bytes)));
};

const external = concat([bytesField(8, 'w'), intField(14, 1)]);
const entry = concat([bytesField(8, 'w'), bytesField(13, bytesField(1, 'location'), bytesField(2, '/x'))]);
const tensorAttribute = bytesField(5, external);
const nest = (depth: number): Uint8Array =>
  depth === 0 ? node('') : node('', bytesField(6, bytesField(1, nest(depth - 1))));

it('verifyModelBytes() tells what it saw when the model is acceptable', () => {
  const bytes = onnxBytes();
  const model = verifyModelBytes(bytes, expectationsFor(bytes));
  expect(model.irVersion).toBe(8);
  expect([...model.opset]).toEqual([
    ['', 18],
    ['ai.onnx.ml', 3],
  ]);
  expect(model.nodeCount).toBe(1);
});

it.each<[string, OnnxParts, string]>([
  ['IR 13, the newest the runtime takes', { irVersion: 13 }, 'accepted'],
  ['IR 14', { irVersion: 14 }, 'ERR_MODEL_OPSET'],
  ['IR 2', { irVersion: 2 }, 'ERR_MODEL_OPSET'],
  ['ai.onnx opset 26', { opset: [['', 26]] }, 'accepted'],
  ['ai.onnx spelled out', { opset: [['ai.onnx', 18]] }, 'accepted'],
  ['ai.onnx opset 27', { opset: [['', 27]] }, 'ERR_MODEL_OPSET'],
  ['no opset at all', { opset: [] }, 'ERR_MODEL_OPSET'],
  [
    'ai.onnx.ml opset 6',
    {
      opset: [
        ['', 18],
        ['ai.onnx.ml', 6],
      ],
    },
    'ERR_MODEL_OPSET',
  ],
  [
    'a node of ai.onnx.ml without its import',
    { opset: [['', 18]], nodes: [node('ai.onnx.ml')] },
    'ERR_MODEL_OPSET',
  ],
  ['a node of another domain', { nodes: [node('com.microsoft')] }, 'ERR_MODEL_UNKNOWN_DOMAIN'],
  ['a domain named like an object method', { nodes: [node('constructor')] }, 'ERR_MODEL_UNKNOWN_DOMAIN'],
  [
    'an import of another domain',
    {
      opset: [
        ['', 18],
        ['evil', 1],
      ],
    },
    'ERR_MODEL_UNKNOWN_DOMAIN',
  ],
  [
    'a foreign node in a subgraph',
    { nodes: [node('', bytesField(6, bytesField(1, node('evil'))))] },
    'ERR_MODEL_UNKNOWN_DOMAIN',
  ],
  [
    'a foreign node in a list of subgraphs',
    { nodes: [node('', bytesField(11, bytesField(1, node('evil'))))] },
    'ERR_MODEL_UNKNOWN_DOMAIN',
  ],
  [
    'a function of another domain',
    { model: [bytesField(25, bytesField(10, 'evil'))] },
    'ERR_MODEL_UNKNOWN_DOMAIN',
  ],
  [
    'a foreign node in a function',
    { model: [bytesField(25, bytesField(7, node('evil')))] },
    'ERR_MODEL_UNKNOWN_DOMAIN',
  ],
  ['an external initializer', { graph: [bytesField(5, external)] }, 'ERR_MODEL_EXTERNAL_DATA'],
  ['external entries without the flag', { graph: [bytesField(5, entry)] }, 'ERR_MODEL_EXTERNAL_DATA'],
  ['an external tensor attribute', { nodes: [node('', tensorAttribute)] }, 'ERR_MODEL_EXTERNAL_DATA'],
  [
    'an external tensor in a list',
    { nodes: [node('', bytesField(10, external))] },
    'ERR_MODEL_EXTERNAL_DATA',
  ],
  [
    'an external sparse attribute',
    { nodes: [node('', bytesField(22, bytesField(1, external)))] },
    'ERR_MODEL_EXTERNAL_DATA',
  ],
  [
    'an external sparse initializer',
    { graph: [bytesField(15, bytesField(2, external))] },
    'ERR_MODEL_EXTERNAL_DATA',
  ],
  [
    'an external tensor in a subgraph',
    { nodes: [node('', bytesField(6, bytesField(5, external)))] },
    'ERR_MODEL_EXTERNAL_DATA',
  ],
  [
    'an external tensor in a function default',
    { model: [bytesField(25, bytesField(11, tensorAttribute))] },
    'ERR_MODEL_EXTERNAL_DATA',
  ],
  [
    'an external tensor in training info',
    { model: [bytesField(20, bytesField(1, bytesField(5, external)))] },
    'ERR_MODEL_EXTERNAL_DATA',
  ],
  [
    'an external tensor in a second graph field',
    { model: [bytesField(7, bytesField(5, external))] },
    'ERR_MODEL_EXTERNAL_DATA',
  ],
  ['another input name', { inputs: [valueInfo('Z', 1, [null, 2])] }, 'ERR_MODEL_SHAPE'],
  ['a double input', { inputs: [valueInfo('X', 11, [null, 2])] }, 'ERR_MODEL_SHAPE'],
  ['one column too many', { inputs: [valueInfo('X', 1, [null, 3])] }, 'ERR_MODEL_SHAPE'],
  ['a fixed batch', { inputs: [valueInfo('X', 1, [1, 2])] }, 'ERR_MODEL_SHAPE'],
  [
    'a second input',
    { inputs: [valueInfo('X', 1, [null, 2]), valueInfo('Y', 1, [null, 2])] },
    'ERR_MODEL_SHAPE',
  ],
  [
    'an input that is an initializer as old exporters write it',
    {
      inputs: [valueInfo('X', 1, [null, 2]), valueInfo('w', 1, [1])],
      graph: [bytesField(5, bytesField(8, 'w'))],
    },
    'accepted',
  ],
  ['no outputs', { outputs: [] }, 'ERR_MODEL_SHAPE'],
  [
    'three probability columns',
    { outputs: [valueInfo('label', 7, [null]), valueInfo('probabilities', 1, [null, 3])] },
    'ERR_MODEL_SHAPE',
  ],
  [
    'a float label',
    { outputs: [valueInfo('label', 1, [null]), valueInfo('probabilities', 1, [null, 2])] },
    'ERR_MODEL_SHAPE',
  ],
  ['graphs nested 7 deep', { nodes: [nest(7)] }, 'accepted'],
  ['graphs nested 8 deep under the main one', { nodes: [nest(8)] }, 'ERR_MODEL_LIMIT'],
])('verifyModelBytes() on %s', (_, parts, code) => {
  expect(verifyParts(parts)).toBe(code);
});

it('verifyModelBytes() refuses by size before it looks at the bytes', () => {
  const bytes = new Uint8Array(1000);
  const expectations = { ...expectationsFor(bytes), limits: { maxModelBytes: 999 } };
  expect(codeOf(() => verifyModelBytes(bytes, expectations))).toBe('ERR_MODEL_TOO_LARGE');
});

it('verifyModelBytes() refuses zeros, text and an empty file', () => {
  for (const bytes of [
    new Uint8Array(0),
    new Uint8Array(4096),
    new TextEncoder().encode('# a pickle, really'),
  ]) {
    expect(codeOf(() => verifyModelBytes(bytes, expectationsFor(bytes)))).toBe('ERR_MODEL_NOT_ONNX');
  }
});

it('verifyModelBytes() refuses more nodes than allowed', () => {
  const bytes = onnxBytes({ nodes: [node(''), node(''), node('')] });
  const expectations = { ...expectationsFor(bytes), limits: { maxNodes: 2 } };
  expect(codeOf(() => verifyModelBytes(bytes, expectations))).toBe('ERR_MODEL_LIMIT');
});

it('verifyModelBytes() calls cut or changed bytes damaged', () => {
  const bytes = onnxBytes();
  const flipped = bytes.with(40, bytes[40]! ^ 4);
  expect(codeOf(() => verifyModelBytes(bytes.slice(0, -1), expectationsFor(bytes)))).toBe('ERR_MODEL_SHA256');
  expect(codeOf(() => verifyModelBytes(flipped, expectationsFor(bytes)))).toBe('ERR_MODEL_SHA256');
});

it.each([
  ['in their order', ['a', 'b'], 'e', 'accepted'],
  ['in another order', ['b', 'a'], 'e', 'ERR_MODEL_FEATURES'],
  ['with one more', ['a', 'b', 'c'], 'e', 'ERR_MODEL_FEATURES'],
  ['with one less', ['a'], 'e', 'ERR_MODEL_FEATURES'],
  ['by another specification', ['a', 'b'], 'f', 'ERR_MODEL_FEATURES'],
])('verifyModelBytes() holds features %s against the host', (_, featureNames, digit, code) => {
  const bytes = onnxBytes();
  const featureSpecSha256 = digit.repeat(64);
  const run = (): unknown =>
    verifyModelBytes(bytes, { ...expectationsFor(bytes), featureNames, featureSpecSha256 });
  expect(codeOf(run)).toBe(code);
});

it.each([
  [10_000, 2000, /taken at 1 Hz, and this host takes them at 5 Hz, .*; serve with --hz 1, or train again at 5 Hz/],
  [2000, 20_000, /taken at 5 Hz, and this host takes them at 0\.5 Hz, .*; serve with --hz 5, or/],
  [2000, 2000, /computed by another specification/],
])('verifyFeatures() names both rates when %d ms and %d ms are what differs', (rateWindowMs, hostMs, text) => {
  const { manifest } = expectationsFor(onnxBytes());
  const contract = { featureNames: ['a', 'b'], featureSpecSha256: 'f'.repeat(64), rateWindowMs: hostMs };
  const trained = { ...manifest, dataset: { rateWindowMs } as never };
  expect(() => verifyFeatures(trained as never, contract)).toThrow(text);
});

it('verifyModelBytes() accepts or refuses with a typed error, whatever was changed', () => {
  const valid = onnxBytes({ nodes: [nest(3), node('', bytesField(5, bytesField(8, 'w')))] });
  const change = fc.tuple(fc.nat(valid.length - 1), fc.nat(255));
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), fc.nat(valid.length), (changes, cut) => {
      const bytes = valid.slice();
      for (const [at, value] of changes) bytes[at] = value;
      for (const candidate of [bytes, bytes.subarray(0, cut)]) {
        expect(codeOf(() => verifyModelBytes(candidate, expectationsFor(candidate)))).toMatch(
          /^(ERR_MODEL_|accepted)/,
        );
      }
    }),
    { numRuns: 500 },
  );
});
