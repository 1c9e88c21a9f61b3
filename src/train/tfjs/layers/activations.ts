// Activations by name, and the layers that are nothing but one.
import type { NetworkGraph } from '../onnx/onnx-graph.ts';
import { LayerProblem, numberIn, layerSizeOf, wordOf } from './rule.ts';
import type { LayerConfig, LayerRule, OptionCheck } from './rule.ts';

type Emit = (graph: NetworkGraph, input: string) => string;

const scalar = (graph: NetworkGraph, value: number): string =>
  graph.addFloats('constant', Float32Array.of(value), []);

/** Those that ONNX has, by their name in tf.js without underscores; gelu, mish and swish of what it has. */
const activations: Readonly<Record<string, Emit>> = {
  linear: (_, input) => input,
  relu: (graph, input) => graph.add('Relu', [input]),
  relu6: (graph, input) => graph.add('Clip', [input, scalar(graph, 0), scalar(graph, 6)]),
  elu: (graph, input) => graph.add('Elu', [input]),
  selu: (graph, input) => graph.add('Selu', [input]),
  sigmoid: (graph, input) => graph.add('Sigmoid', [input]),
  hardsigmoid: (graph, input) =>
    graph.add('HardSigmoid', [input], { alpha: { float: 0.2 }, beta: { float: 0.5 } }),
  tanh: (graph, input) => graph.add('Tanh', [input]),
  softplus: (graph, input) => graph.add('Softplus', [input]),
  softsign: (graph, input) => graph.add('Softsign', [input]),
  softmax: (graph, input) => graph.add('Softmax', [input], { axis: -1 }),
  swish: (graph, input) => graph.add('Mul', [input, graph.add('Sigmoid', [input])]),
  mish: (graph, input) => graph.add('Mish', [input]),
  gelu: (graph, input) => {
    const scaled = graph.add('Mul', [input, scalar(graph, Math.SQRT1_2)]);
    const share = graph.add('Add', [graph.add('Erf', [scaled]), scalar(graph, 1)]);
    return graph.add('Mul', [graph.add('Mul', [input, scalar(graph, 0.5)]), share]);
  },
};

/** Their names in `layers`. */
export const activationNames = Object.keys(activations).map((name) =>
  name === 'hardsigmoid' ? 'hardSigmoid' : name,
);

/** The option of layers that end in one. */
export const activationOption: OptionCheck = {
  wanted: `one of ${activationNames.join(', ')}`,
  accepts: (value) => activationNames.includes(value as string),
};

/** Name of the activation of a layer. @throws LayerProblem for one that ONNX has not */
export function activationOf(config: LayerConfig, name = 'activation', otherwise = 'linear'): string {
  const activation = wordOf(config, name, otherwise);
  if (Object.hasOwn(activations, activation)) return activation;
  throw new LayerProblem(
    `has the activation "${String(config[name])}", which cannot be exported to ONNX; use one of ${activationNames.join(', ')}`,
  );
}

/** Adds an activation. */
export const emitActivation = (graph: NetworkGraph, activation: string, input: string): string =>
  activations[activation]!(graph, input);

/** True when the last axis is meant, which softmax and normalisation are exported for. */
export function assertLastAxis(config: LayerConfig, rank: number): void {
  const axis = layerSizeOf(config, 'axis', -1);
  if (axis === -1 || axis === rank) return;
  throw new LayerProblem(`works on axis ${axis}, and is exported for the last one alone; leave axis out`);
}

const positive = numberIn(0, Number.POSITIVE_INFINITY);

/** Layers that are an activation. */
export const activationRules: readonly LayerRule[] = [
  {
    type: 'activation',
    className: 'Activation',
    options: { activation: activationOption },
    required: ['activation'],
    outputShape: (config, input) => {
      activationOf(config);
      return input;
    },
    emit: ({ graph, config, input }) => emitActivation(graph, activationOf(config), input),
  },
  {
    type: 'softmax',
    className: 'Softmax',
    options: {},
    outputShape: (config, input) => {
      assertLastAxis(config, input.length);
      return input;
    },
    emit: ({ graph, input }) => emitActivation(graph, 'softmax', input),
  },
  {
    type: 'reLU',
    className: 'ReLU',
    options: { maxValue: positive },
    outputShape: (_, input) => input,
    emit: ({ graph, config, input }) => {
      const most = config['max_value'];
      if (most === undefined || most === null) return graph.add('Relu', [input]);
      return graph.add('Clip', [input, scalar(graph, 0), scalar(graph, Number(most))]);
    },
  },
  {
    type: 'leakyReLU',
    className: 'LeakyReLU',
    options: { alpha: positive },
    outputShape: (_, input) => input,
    emit: ({ graph, config, input }) =>
      graph.add('LeakyRelu', [input], { alpha: { float: Number(config['alpha'] ?? 0.3) } }),
  },
  {
    type: 'elu',
    className: 'ELU',
    // tf.js has it with an alpha of 1 alone.
    options: {},
    outputShape: (_, input) => input,
    emit: ({ graph, input }) => emitActivation(graph, 'elu', input),
  },
];
