// Convolution and pooling along time. tf.js keeps [rows, steps, channels], ONNX wants [rows, channels, steps]; the
// length of a window is known, so "same" becomes plain numbers of padded steps.
import { activationOf, activationOption, emitActivation } from './activations.ts';
import {
  LayerProblem,
  flag,
  oneOf,
  sequenceShape,
  layerSizeOf,
  weightOf,
  wholeNumber,
  wordOf,
} from './rule.ts';
import type { ExportedLayer, LayerConfig, LayerRule, Shape, Weight } from './rule.ts';

/** How a window slides along time. */
interface Sliding {
  readonly size: number;
  readonly stride: number;
  readonly pads: readonly [before: number, after: number];
  readonly steps: number;
}

function slide(config: LayerConfig, input: Shape, sizeName: string, strideName: string): Sliding {
  const [steps] = sequenceShape(input);
  const size = layerSizeOf(config, sizeName, 2);
  const stride = layerSizeOf(config, strideName, sizeName === 'pool_size' ? size : 1);
  if (wordOf(config, 'data_format', 'channelsLast') !== 'channelslast') {
    throw new LayerProblem(
      'has channels first, and is exported with channels last alone; leave dataFormat out',
    );
  }
  if (layerSizeOf(config, 'dilation_rate', 1) > 1) {
    throw new LayerProblem('is dilated, which tf.js cannot train; leave dilationRate out, or use strides');
  }
  const pads = padsOf(wordOf(config, 'padding', 'valid'), { steps, size, stride });
  const padded = steps + pads[0] + pads[1];
  if (padded < size) {
    throw new LayerProblem(
      `reaches over ${size} steps and gets ${steps}; make it shorter, or pad it ("same")`,
    );
  }
  return { size, stride, pads, steps: Math.floor((padded - size) / stride) + 1 };
}

/** Steps before and after, as TensorFlow pads: https://www.tensorflow.org/api_docs/python/tf/nn#notes_on_padding_2 */
function padsOf(
  padding: string,
  { steps, size, stride }: { readonly steps: number; readonly size: number; readonly stride: number },
): readonly [number, number] {
  if (padding !== 'same') return [0, 0];
  const total = Math.max((Math.ceil(steps / stride) - 1) * stride + size - steps, 0);
  return [total >> 1, total - (total >> 1)];
}

const slideConvolution = (config: LayerConfig, input: Shape): Sliding =>
  slide(config, input, 'kernel_size', 'strides');
const slidePool = (config: LayerConfig, input: Shape): Sliding =>
  slide(config, input, 'pool_size', 'strides');

/** Lets ONNX work on [rows, channels, steps]. */
function withChannelsFirst({ graph, input }: ExportedLayer, work: (input: string) => string): string {
  const turned = graph.add('Transpose', [input], { perm: [0, 2, 1] });
  return graph.add('Transpose', [work(turned)], { perm: [0, 2, 1] });
}

/** [size, in, out] → [out, in, size]. */
function turnKernel({ shape: [size = 0, from = 0, to = 0], values }: Weight): Float32Array {
  const turned = new Float32Array(values.length);
  for (let step = 0; step < size; step++) {
    for (let inner = 0; inner < from; inner++) {
      for (let outer = 0; outer < to; outer++) {
        turned[(outer * from + inner) * size + step] = values[(step * from + inner) * to + outer]!;
      }
    }
  }
  return turned;
}

function emitConvolution(layer: ExportedLayer): string {
  const { graph, config, shape } = layer;
  const { size, stride, pads } = slideConvolution(config, shape);
  const kernel = weightOf(layer, 'kernel');
  const bias = layer.weight('bias');
  const [, from, to] = kernel.shape as [number, number, number];
  const inputs = [graph.addFloats('kernel', turnKernel(kernel), [to, from, size])];
  if (bias) inputs.push(graph.addFloats('bias', bias.values, bias.shape));
  const attributes = { kernel_shape: [size], strides: [stride], pads };
  const convolved = withChannelsFirst(layer, (input) => graph.add('Conv', [input, ...inputs], attributes));
  return emitActivation(graph, activationOf(config), convolved);
}

const poolOptions = { poolSize: wholeNumber(1), strides: wholeNumber(1), padding: oneOf('valid', 'same') };

const pooling = (type: string, className: string, opType: string): LayerRule => ({
  type,
  className,
  options: poolOptions,
  outputShape: (config, input) => [slidePool(config, input).steps, sequenceShape(input)[1]],
  emit: (layer) => {
    const { size, stride, pads } = slidePool(layer.config, layer.shape);
    const attributes = { kernel_shape: [size], strides: [stride], pads };
    return withChannelsFirst(layer, (input) => layer.graph.add(opType, [input], attributes));
  },
});

const globalPooling = (type: string, className: string, opType: string): LayerRule => ({
  type,
  className,
  options: {},
  outputShape: (_, input) => [sequenceShape(input)[1]],
  emit: ({ graph, input }) => graph.add(opType, [input, graph.addIntegers('axes', [1])], { keepdims: 0 }),
});

/** Layers along time without a memory. */
export const convolutionRules: readonly LayerRule[] = [
  {
    type: 'conv1d',
    className: 'Conv1D',
    options: {
      filters: wholeNumber(1),
      kernelSize: wholeNumber(1),
      strides: wholeNumber(1),
      padding: oneOf('valid', 'same'),
      activation: activationOption,
      useBias: flag,
    },
    required: ['filters', 'kernelSize'],
    outputShape: (config, input) => {
      activationOf(config);
      return [slideConvolution(config, input).steps, layerSizeOf(config, 'filters', 1)];
    },
    multiplyAdds: (config, input, output) =>
      output[0]! * output[1]! * input[1]! * layerSizeOf(config, 'kernel_size', 1),
    emit: emitConvolution,
  },
  pooling('maxPooling1d', 'MaxPooling1D', 'MaxPool'),
  pooling('averagePooling1d', 'AveragePooling1D', 'AveragePool'),
  globalPooling('globalMaxPooling1d', 'GlobalMaxPooling1D', 'ReduceMax'),
  globalPooling('globalAveragePooling1d', 'GlobalAveragePooling1D', 'ReduceMean'),
];
