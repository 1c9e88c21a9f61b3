// Layers that work on each row by itself: dense, dropout and noise, normalisation, flatten and reshape.
import { activationOf, activationOption, assertLastAxis, emitActivation } from './activations.ts';
import { LayerProblem, flag, numberIn, layerSizeOf, sizeOfShape, weightOf, wholeNumber } from './rule.ts';
import type { ExportedLayer, LayerRule, OptionCheck, Shape, Weight } from './rule.ts';

const share = numberIn(0, 1);

/** Only training knows what such a layer does; an answer passes through it unchanged. */
const passing = (type: string, className: string, options: LayerRule['options']): LayerRule => ({
  type,
  className,
  options,
  required: Object.keys(options),
  outputShape: (_, input) => input,
  emit: ({ input }) => input,
});

// A size of -1, which tf.js would take, leaves the layers behind it without a number of channels.
const targetShape: OptionCheck = {
  wanted: 'a list of whole numbers from 1',
  accepts: (value) =>
    Array.isArray(value) && value.length > 0 && value.every((size) => Number.isInteger(size) && size > 0),
};

function reshapedShape(target: Shape, input: Shape): Shape {
  const total = sizeOfShape(input);
  const known = sizeOfShape(target.filter((size) => size > 0));
  const shape = target.map((size) => (size > 0 ? size : total / known));
  if (sizeOfShape(shape) === total && shape.every(Number.isInteger)) return shape;
  throw new LayerProblem(
    `makes [${target.join(', ')}] of [${input.join(', ')}], which has ${total} values; let the sizes multiply to ${total}`,
  );
}

const emitReshape = ({ graph, input, outputShape }: ExportedLayer): string =>
  graph.add('Reshape', [input, graph.addIntegers('shape', [-1, ...outputShape])]);

/** Layers of rows. */
export const rowRules: readonly LayerRule[] = [
  {
    type: 'dense',
    className: 'Dense',
    options: { units: wholeNumber(1), activation: activationOption, useBias: flag },
    required: ['units'],
    outputShape: (config, input) => {
      activationOf(config);
      return [...input.slice(0, -1), layerSizeOf(config, 'units', 1)];
    },
    multiplyAdds: (_, input, output) => sizeOfShape(input) * output.at(-1)!,
    emit: (layer) => {
      const { graph, config, input } = layer;
      const kernel = weightOf(layer, 'kernel');
      const bias = layer.weight('bias');
      const product = graph.add('MatMul', [input, graph.addFloats('kernel', kernel.values, kernel.shape)]);
      const sum = bias
        ? graph.add('Add', [product, graph.addFloats('bias', bias.values, bias.shape)])
        : product;
      return emitActivation(graph, activationOf(config), sum);
    },
  },
  passing('dropout', 'Dropout', { rate: share }),
  passing('spatialDropout1d', 'SpatialDropout1D', { rate: share }),
  passing('alphaDropout', 'AlphaDropout', { rate: share }),
  passing('gaussianDropout', 'GaussianDropout', { rate: share }),
  passing('gaussianNoise', 'GaussianNoise', { stddev: numberIn(0, Number.POSITIVE_INFINITY) }),
  {
    type: 'batchNormalization',
    className: 'BatchNormalization',
    options: { momentum: share, epsilon: numberIn(0, 1) },
    outputShape: (config, input) => {
      assertLastAxis(config, input.length);
      if (config['center'] === false || config['scale'] === false) {
        throw new LayerProblem('is without center or scale, which tf.js cannot train; leave both on');
      }
      return input;
    },
    emit: emitBatchNormalization,
  },
  {
    type: 'layerNormalization',
    className: 'LayerNormalization',
    options: { epsilon: numberIn(0, 1), center: flag, scale: flag },
    outputShape: (config, input) => {
      assertLastAxis(config, input.length);
      return input;
    },
    emit: emitLayerNormalization,
  },
  {
    type: 'flatten',
    className: 'Flatten',
    options: {},
    outputShape: (_, input) => [sizeOfShape(input)],
    emit: emitReshape,
  },
  {
    type: 'reshape',
    className: 'Reshape',
    options: { targetShape },
    required: ['targetShape'],
    outputShape: (config, input) => reshapedShape(config['target_shape'] as Shape, input),
    emit: emitReshape,
  },
];

/** x · a + b with a and b of the moving statistics: one product, as the trained layer computes it. */
function emitBatchNormalization(layer: ExportedLayer): string {
  const { graph, config, input } = layer;
  const mean = weightOf(layer, 'moving_mean').values;
  const variance = weightOf(layer, 'moving_variance').values;
  const [gamma, beta] = [weightOf(layer, 'gamma').values, weightOf(layer, 'beta').values];
  const epsilon = Number(config['epsilon'] ?? 1e-3);
  const factor = variance.map((value, at) => gamma[at]! / Math.sqrt(value + epsilon));
  const centred = graph.add('Sub', [input, graph.addFloats('mean', mean, [mean.length])]);
  const scaled = graph.add('Mul', [centred, graph.addFloats('factor', factor, [factor.length])]);
  return graph.add('Add', [scaled, graph.addFloats('beta', beta, [beta.length])]);
}

function emitLayerNormalization(layer: ExportedLayer): string {
  const { graph, config, input, shape } = layer;
  const width = shape.at(-1)!;
  const filled = (weight: Weight | null, value: number): Float32Array =>
    weight?.values ?? new Float32Array(width).fill(value);
  const gamma = graph.addFloats('gamma', filled(layer.weight('gamma'), 1), [width]);
  const beta = graph.addFloats('beta', filled(layer.weight('beta'), 0), [width]);
  const epsilon = { float: Number(config['epsilon'] ?? 1e-3) };
  return graph.add('LayerNormalization', [input, gamma, beta], { axis: -1, epsilon });
}
