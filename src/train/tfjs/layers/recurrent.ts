// GRU. tf.js and ONNX keep the gates in the same order (update, reset, candidate) and mix the old state in the same
// way: h = z·h' + (1 − z)·candidate. tf.js resets the state before its product with the weights (`resetAfter` false, the
// only way it knows), which is linear_before_reset = 0: https://onnx.ai/onnx/operators/onnx__GRU.html
import {
  LayerProblem,
  flag,
  numberIn,
  oneOf,
  sequenceShape,
  layerSizeOf,
  transpose,
  weightOf,
  wholeNumber,
  wordOf,
} from './rule.ts';
import type { ExportedLayer, LayerConfig, LayerRule } from './rule.ts';

/** Name in ONNX, and its parameters where it has some. */
const gates: Readonly<
  Record<string, { readonly name: string; readonly alpha?: number; readonly beta?: number }>
> = {
  sigmoid: { name: 'Sigmoid' },
  hardsigmoid: { name: 'HardSigmoid', alpha: 0.2, beta: 0.5 },
  tanh: { name: 'Tanh' },
  relu: { name: 'Relu' },
  softsign: { name: 'Softsign' },
};
const gateOption = oneOf('sigmoid', 'hardSigmoid', 'tanh', 'relu', 'softsign');

function gateOf(config: LayerConfig, name: string, otherwise: string): (typeof gates)[string] {
  const gate = gates[wordOf(config, name, otherwise)];
  if (gate) return gate;
  throw new LayerProblem(
    `has "${String(config[name])}" as ${name}, and is exported with ${gateOption.wanted}`,
  );
}

/** What the exported operator does not do. */
const refused = ['go_backwards', 'stateful', 'reset_after', 'return_state'] as const;

function checkGru(config: LayerConfig): void {
  const given = refused.find((name) => config[name] === true);
  if (given !== undefined) throw new LayerProblem(`has ${given}, which cannot be exported; leave it out`);
  gateOf(config, 'recurrent_activation', 'hardSigmoid');
  gateOf(config, 'activation', 'tanh');
}

function emitGru(layer: ExportedLayer): string {
  const { graph, config, input } = layer;
  const kernel = weightOf(layer, 'kernel');
  const recurrent = weightOf(layer, 'recurrent_kernel');
  const [channels, gateWidth] = kernel.shape as [number, number];
  const units = gateWidth / 3;
  // The second half, of the recurrent product, stays 0: tf.js has one bias.
  const bias = new Float32Array(2 * gateWidth);
  bias.set(layer.weight('bias')?.values ?? []);
  const inputs = [
    graph.add('Transpose', [input], { perm: [1, 0, 2] }),
    graph.addFloats('kernel', transpose(kernel), [1, gateWidth, channels]),
    graph.addFloats('recurrent', transpose(recurrent), [1, gateWidth, units]),
    graph.addFloats('bias', bias, [1, 2 * gateWidth]),
  ];
  const used = [gateOf(config, 'recurrent_activation', 'hardSigmoid'), gateOf(config, 'activation', 'tanh')];
  const attributes = {
    hidden_size: units,
    linear_before_reset: 0,
    activations: used.map(({ name }) => name),
    ...(used.some(({ alpha }) => alpha !== undefined) && {
      activation_alpha: { floats: used.flatMap(({ alpha }) => alpha ?? []) },
      activation_beta: { floats: used.flatMap(({ beta }) => beta ?? []) },
    }),
  };
  if (config['return_sequences'] === true) {
    const all = graph.add('GRU', inputs, attributes);
    const oneDirection = graph.add('Squeeze', [all, graph.addIntegers('axes', [1])]);
    return graph.add('Transpose', [oneDirection], { perm: [1, 0, 2] });
  }
  const last = graph.reserve('gru_last');
  graph.addNode('GRU', inputs, ['', last], attributes);
  return graph.add('Squeeze', [last, graph.addIntegers('axes', [0])]);
}

/** Layers with a memory. */
export const recurrentRules: readonly LayerRule[] = [
  {
    type: 'gru',
    className: 'GRU',
    options: {
      units: wholeNumber(1),
      activation: gateOption,
      recurrentActivation: gateOption,
      returnSequences: flag,
      useBias: flag,
      dropout: numberIn(0, 1),
      recurrentDropout: numberIn(0, 1),
    },
    required: ['units'],
    outputShape: (config, input) => {
      const [steps] = sequenceShape(input);
      checkGru(config);
      const units = layerSizeOf(config, 'units', 1);
      return config['return_sequences'] === true ? [steps, units] : [units];
    },
    multiplyAdds: (config, input) => {
      const units = layerSizeOf(config, 'units', 1);
      return input[0]! * 3 * units * (input[1]! + units);
    },
    emit: emitGru,
  },
];
