// A trained network as one ONNX file: scaling, the layers, probabilities and the label. Pure: topology and weights in,
// bytes out.
import { layersError } from './errors.ts';
import { LayerProblem } from './layers/index.ts';
import type { Weight } from './layers/index.ts';
import type { Network } from './network.ts';
import { NetworkGraph } from './onnx/onnx-graph.ts';
import { emitScaling } from './scaling.ts';
import type { Scaling } from './scaling.ts';

/** Weights by `layer/weight`. */
export type NetworkWeights = ReadonlyMap<string, Weight>;

/** What goes into the file. */
export interface ExportRequest {
  readonly network: Network;
  readonly weights: NetworkWeights;
  readonly scaling: Scaling;
  /** Label index of each probability column. */
  readonly classes: readonly number[];
  readonly metadata: Readonly<Record<string, string>>;
}

/** Exports a network with input `X`, and outputs `label` and `probabilities`. */
export function exportNetwork({ network, weights, scaling, classes, metadata }: ExportRequest): Uint8Array {
  const graph = new NetworkGraph();
  const width = scaling.center.length;
  for (const name of ['X', 'label', 'probabilities']) graph.reserve(name);
  let value = emitScaling(graph, 'X', scaling);
  if (network.inputShape.length > 1) {
    value = graph.add('Reshape', [value, graph.addIntegers('shape', [-1, ...network.inputShape])]);
  }
  for (const { rule, name, config, shape, outputShape } of network.layers) {
    const weight = (short: string): Weight | null => weights.get(`${name}/${short}`) ?? null;
    value = emitNamed(name, () => rule.emit({ graph, config, weight, input: value, shape, outputShape }));
  }
  const probabilities = graph.add('Identity', [value], {}, 'probabilities');
  const best = graph.add('ArgMax', [probabilities], { axis: 1, keepdims: 0 });
  graph.add('Gather', [graph.addIntegers('classes', classes), best], { axis: 0 }, 'label');
  return graph.encode({
    inputs: [{ name: 'X', type: 'FLOAT', shape: [null, width] }],
    outputs: [
      { name: 'label', type: 'INT64', shape: [null] },
      { name: 'probabilities', type: 'FLOAT', shape: [null, classes.length] },
    ],
    metadata,
  });
}

function emitNamed(name: string, emit: () => string): string {
  try {
    return emit();
  } catch (error) {
    if (error instanceof LayerProblem) throw layersError([`layer "${name}" ${error.message}`]);
    throw error;
  }
}
