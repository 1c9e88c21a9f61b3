// Layers are checked before anything of tf.js is loaded: names, options, shapes, and what ONNX would not get.
import { describe, expect, it } from 'vitest';
import { buildTopologyLayers, checkLayerOptions } from '../../../../src/train/tfjs/layer-options.ts';
import { checkNetwork, layersOfTopology } from '../../../../src/train/tfjs/network.ts';
import type { Network } from '../../../../src/train/tfjs/network.ts';
import type { TfjsLayer } from '../../../../src/train/index.ts';

const check = (layers: readonly TfjsLayer[], shape: readonly number[] = [6], classes = 3): Network => {
  const width = shape.reduce((product, size) => product * size, 1);
  return checkNetwork(buildTopologyLayers(checkLayerOptions(layers), shape, classes), { width, classes });
};
const shapesOf = ({ layers }: Network): (readonly number[])[] => layers.map(({ outputShape }) => outputShape);

describe('checkLayerOptions()', () => {
  it('names every mistake at once when layers are unknown, incomplete or have wrong options', () => {
    const wrong = [
      { type: 'lstm', units: 4 },
      { type: 'Dense', units: 4 },
      { type: 'dense' },
      { type: 'dense', units: 0, activation: 'logSoftmax', bias: true },
      { type: 'dropout', rate: 1 },
      null,
    ];
    const problems = [
      expect.stringMatching(
        /^layer 1 is "lstm", which cannot be exported to ONNX or is no layer; there are dense, /,
      ),
      'layer 2 is "Dense", which is written "dense"',
      'layer 3 (dense) lacks units, a whole number from 1',
      'layer 4 (dense) has units 0, wanted a whole number from 1',
      expect.stringContaining('layer 4 (dense) has activation "logSoftmax", wanted one of linear, relu'),
      'layer 4 (dense) has no option bias; it has units, activation, useBias',
      'layer 5 (dropout) has rate 1, wanted a number from 0 to below 1',
      'layer 6 is not an object with a type',
    ];
    expect(() => checkLayerOptions(wrong)).toThrow(
      expect.objectContaining({ code: 'ERR_TRAIN_LAYERS', details: { problems } }),
    );
    expect(() => checkLayerOptions('dense')).toThrow('layers is not a list');
  });
});

describe('checkNetwork()', () => {
  it('follows the shapes through rows and windows, and adds a softmax over the classes', () => {
    expect(shapesOf(check([{ type: 'dense', units: 4 }, { type: 'batchNormalization' }]))).toEqual([
      [4],
      [4],
      [3],
    ]);
    const along = [
      { type: 'conv1d', filters: 5, kernelSize: 3, strides: 2, padding: 'same' },
      { type: 'maxPooling1d', poolSize: 2 },
      { type: 'gru', units: 7, returnSequences: true },
      { type: 'globalMaxPooling1d' },
    ];
    expect(shapesOf(check(along, [9, 2]))).toEqual([[5, 5], [2, 5], [2, 7], [7], [3]]);
  });

  it('refuses shapes that do not fit, and says what the layer wants', () => {
    expect(() => check([{ type: 'gru', units: 3 }])).toThrow(
      'layer 1 "gru_1" (gru) takes [steps, channels] and gets [6]',
    );
    expect(() => check([{ type: 'reshape', targetShape: [4, 2] }])).toThrow(
      'which has 6 values; let the sizes multiply to 6',
    );
    expect(() => check([{ type: 'conv1d', filters: 2, kernelSize: 4 }], [3, 2])).toThrow(
      'reaches over 4 steps and gets 3',
    );
    expect(() => check([{ type: 'dense', units: 5, activation: 'softmax' }])).toThrow(
      'gives [5] with softmax, and the training rows have 3 classes',
    );
    expect(() => check([{ type: 'dense', units: 4 }], [3, 2])).toThrow(
      'the last layer "dense_2" gives [3, 3]',
    );
  });

  it('names a layer of a saved model that ONNX would not get, and one that tf.js cannot train', () => {
    const first = { class_name: 'Dense', config: { name: 'in', units: 4, batch_input_shape: [null, 6] } };
    const saved = (class_name: string, config: object): unknown => ({
      model_config: { config: { layers: [first, { class_name, config: { name: 'mine', ...config } }] } },
    });
    const of = (topology: unknown) => () =>
      checkNetwork(layersOfTopology(topology), { width: 6, classes: 3 });
    expect(of(saved('LSTM', { units: 2 }))).toThrow(
      expect.objectContaining({
        code: 'ERR_TRAIN_LAYER_EXPORT',
        message: expect.stringContaining('Cannot train layer "mine" (LSTM): it has no form in ONNX here'),
      }),
    );
    expect(of(saved('Activation', { activation: 'log_softmax' }))).toThrow(
      'has the activation "log_softmax"',
    );
    expect(of(saved('BatchNormalization', { scale: false }))).toThrow('which tf.js cannot train');
    expect(of(saved('Dense', { units: 3 }))).toThrow('end in a dense layer of 3 units with softmax');
  });

  it('takes a model of tf.model whose layers follow one another, in any order, and no other', () => {
    const layer = (
      name: string,
      class_name: string,
      from: readonly string[],
      config: object = {},
    ): object => ({
      name,
      class_name,
      config: { name, ...config },
      inbound_nodes: from.length === 0 ? [] : [from.map((source) => [source, 0, 0, {}])],
    });
    const input = layer('x', 'InputLayer', [], { batch_input_shape: [null, 6] });
    const hidden = layer('h', 'Dense', ['x'], { units: 4 });
    const last = layer('y', 'Dense', ['h'], { units: 3, activation: 'softmax' });
    const of = (layers: readonly object[]): Network =>
      checkNetwork(layersOfTopology({ class_name: 'Model', config: { layers } }), { width: 6, classes: 3 });
    expect(of([input, last, hidden]).layers.map(({ name }) => name)).toEqual(['h', 'y']);
    const beside = layer('z', 'Dense', ['x'], { units: 4 });
    expect(() => of([input, hidden, beside, last])).toThrow('it has 2 layers beside it');
  });
});
