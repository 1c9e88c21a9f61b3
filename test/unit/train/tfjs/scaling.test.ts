// What rows go through before a network sees them, the choice of a backend, options, and ranges of time.
import { describe, expect, it } from 'vitest';
import { decodeOnnxModel } from '../../../../src/models/onnx-model.ts';
import { chooseEngines, NATIVE_FROM } from '../../../../src/train/tfjs/engine-choice.ts';
import { NetworkGraph } from '../../../../src/train/tfjs/onnx/onnx-graph.ts';
import { computeScaling, scaleRows } from '../../../../src/train/tfjs/scaling.ts';
import { completeFit } from '../../../../src/train/tfjs/tfjs-options.ts';
import { findTrainedRanges } from '../../../../src/train/tfjs/training-times.ts';
import { buildLearnableRows } from '../../../support/train/learnable-rows.ts';

describe('computeScaling()', () => {
  it('reads mean and deviation off the given rows alone, past what is missing', () => {
    const features = Float32Array.of(1, 7, 3, 7, Number.NaN, 7, 1000, 1000);
    const { center, scale } = computeScaling(features, Int32Array.of(0, 1, 2), { width: 2, period: 2 });
    expect([...center]).toEqual([2, 7]);
    expect([...scale]).toEqual([1, 0]);
  });

  it('shares the figures of a feature among the steps of a window', () => {
    const { center } = computeScaling(Float32Array.of(1, 10, 3, 30), Int32Array.of(0), {
      width: 4,
      period: 2,
    });
    expect([...center]).toEqual([2, 20, 2, 20]);
  });
});

describe('scaleRows()', () => {
  it('puts the mean where a value is missing, cuts outliers, and mutes what never changed', () => {
    const scaling = { center: Float32Array.of(2, 7), scale: Float32Array.of(0.5, 0) };
    const rows = Float32Array.of(4, 9, Number.NaN, 7, 1e9, -3e38);
    expect([...scaleRows(rows, Int32Array.of(0, 1, 2), scaling)]).toEqual([1, 0, 0, 0, 10, -0]);
  });
});

describe('NetworkGraph', () => {
  it('encodes a model that the host reads, each value under a name of its own', () => {
    const graph = new NetworkGraph();
    const weight = graph.addFloats('w', Float32Array.of(1, 2), [2]);
    const once = graph.add('Add', ['X', weight]);
    expect(graph.add('Add', [once, weight], {}, 'Y')).toBe('Y');
    expect(graph.addFloats('w', Float32Array.of(3), [])).not.toBe(weight);
    const bytes = graph.encode({
      inputs: [{ name: 'X', type: 'FLOAT', shape: [null, 2] }],
      outputs: [{ name: 'Y', type: 'FLOAT', shape: [null, 2] }],
      metadata: { features: '[]' },
    });
    const model = decodeOnnxModel(bytes, { maxNodes: 10, maxGraphDepth: 2 });
    expect(model).toMatchObject({ irVersion: 8, nodeCount: 2, opset: new Map([['', 18]]) });
    expect(model.inputs).toEqual([{ name: 'X', elementType: 1, shape: [null, 2] }]);
    expect(model.outputs).toEqual([{ name: 'Y', elementType: 1, shape: [null, 2] }]);
  });
});

describe('chooseEngines()', () => {
  const orderOf = (facts: Partial<Parameters<typeof chooseEngines>[0]>): string[] =>
    chooseEngines({ stepSize: 1000, wanted: null, nativeProblem: null, ...facts }).map(
      ({ engine }) => engine,
    );

  it('takes wasm for small networks and native for large ones, and the other where the first cannot', () => {
    expect(orderOf({})).toEqual(['wasm', 'native', 'cpu']);
    expect(orderOf({ stepSize: NATIVE_FROM })).toEqual(['native', 'wasm', 'cpu']);
  });

  it('says what is wrong with native when it is not there, and takes only what was asked for', () => {
    const [first] = chooseEngines({ stepSize: 1e9, wanted: null, nativeProblem: 'it was not built' });
    expect(first).toEqual({ engine: 'wasm', why: 'native is not there: it was not built' });
    expect(orderOf({ wanted: 'cpu', stepSize: 1e9 })).toEqual(['cpu']);
  });
});

describe('completeFit()', () => {
  it('fills in defaults, and names all that is wrong at once', () => {
    expect(completeFit({ epochs: 3 })).toEqual({
      epochs: 3,
      batchSize: 128,
      learningRate: 0.003,
      earlyStopping: null,
      seed: 0,
      engine: null,
    });
    expect(() => completeFit({ epochs: 0, learningRate: -1, engine: 'gpu' as never })).toThrow(
      /epochs is 0, wanted a whole number from 1; learningRate is -1.*; engine is "gpu"/,
    );
  });
});

describe('findTrainedRanges()', () => {
  it('holds all training rows and no other, and at most 64 ranges', () => {
    const set = buildLearnableRows({ rows: 600 });
    const last = set.timestamps[set.rowCount * 0.73 - 1]!;
    expect(findTrainedRanges(set)).toEqual([[set.timestamps[0], last]]);
    const everyOther = { ...set, splits: Uint8Array.from(set.labels, (_, row) => (row % 2) * 2) };
    const ranges = findTrainedRanges(everyOther);
    expect(ranges).toHaveLength(64);
    expect(ranges[0]![0]).toBe(set.timestamps[0]);
    expect(ranges.at(-1)![1]).toBe(set.timestamps[set.rowCount - 2]);
  });
});
