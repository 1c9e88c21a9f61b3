// A network that can be exported: the layers of a saved topology one behind the other, with their shapes. A model of the
// user's own and one out of `layers` pass the same check, before anything is trained.
import { layerExportError, layersError } from './errors.ts';
import { LayerProblem, layerRules, ruleByClass } from './layers/index.ts';
import type { LayerRule, Shape } from './layers/index.ts';
import type { TopologyLayer } from './layer-options.ts';

/** A layer in its place. */
export interface NetworkLayer {
  readonly rule: LayerRule;
  readonly name: string;
  readonly config: TopologyLayer['config'];
  readonly shape: Shape;
  readonly outputShape: Shape;
}

/** A network, checked. */
export interface Network {
  readonly inputShape: Shape;
  readonly layers: readonly NetworkLayer[];
  /** Multiplications for one row. */
  readonly multiplyAdds: number;
}

/** What a network has to fit. */
export interface NetworkTask {
  /** Values of a row. */
  readonly width: number;
  readonly classes: number;
}

/** A topology as tf.js saves it: of `tf.sequential` or, in a row, of `tf.model`. */
interface SavedTopology {
  readonly class_name?: string;
  readonly config?: { readonly layers?: readonly SavedLayer[] };
  readonly model_config?: SavedTopology;
}

interface SavedLayer extends TopologyLayer {
  readonly name?: string;
  readonly inbound_nodes?: readonly (readonly (readonly [string, ...unknown[]])[])[];
}

/**
 * Checks layers and their shapes.
 * @throws RuvectorError `ERR_TRAIN_LAYER_EXPORT` for a layer that has no form in ONNX, `ERR_TRAIN_LAYERS` for shapes
 *   that do not fit
 */
export function checkNetwork(topology: readonly SavedLayer[], task: NetworkTask): Network {
  const [first] = topology;
  if (!first) throw layersError(['there is no layer']);
  const inputShape = inputShapeOf(first, task.width);
  const layers: NetworkLayer[] = [];
  let shape: Shape = inputShape;
  let multiplyAdds = 0;
  for (const [at, layer] of inOrder(topology).entries()) {
    if (layer.class_name === 'InputLayer') continue;
    const placed = placeLayer(layer, at, shape);
    layers.push(placed);
    multiplyAdds += placed.rule.multiplyAdds?.(placed.config, shape, placed.outputShape) ?? 0;
    shape = placed.outputShape;
  }
  checkOutput(layers, task.classes);
  return { inputShape, layers, multiplyAdds };
}

/** The layers of a saved topology. */
export function layersOfTopology(topology: unknown): readonly SavedLayer[] {
  const saved = topology as SavedTopology | null;
  const { config } = saved?.model_config ?? saved ?? {};
  return Array.isArray(config) ? (config as SavedLayer[]) : (config?.layers ?? []);
}

function placeLayer(layer: SavedLayer, at: number, shape: Shape): NetworkLayer {
  const { class_name: className, config } = layer;
  const name = String(config['name'] ?? layer.name ?? `layer ${at + 1}`);
  const rule = ruleByClass.get(className);
  if (!rule) throw layerExportError(name, className, 'has no form in ONNX here', exportable);
  try {
    return { rule, name, config, shape, outputShape: rule.outputShape(config, shape) };
  } catch (error) {
    if (!(error instanceof LayerProblem)) throw error;
    throw layersError([`layer ${at + 1} "${name}" (${rule.type}) ${error.message}`]);
  }
}

const exportable = layerRules.map((rule) => rule.type).join(', ');

function inputShapeOf({ config }: SavedLayer, width: number): Shape {
  const declared = config['batch_input_shape'];
  if (!Array.isArray(declared)) {
    throw layersError([`the first layer "${String(config['name'])}" does not say its input shape; give it inputShape`]);
  }
  const shape = declared.slice(1).map(Number);
  const size = shape.reduce((product, each) => product * each, 1);
  if (size === width) return shape;
  throw layersError([
    `the network takes [${declared.slice(1).join(', ')}], which is ${size || 'an unknown number of'} values a row, and the data set has ${width}; give the first layer inputShape [${width}]`,
  ]);
}

/** A model that was built as a graph may list its layers in any order; each must have one before it. */
function inOrder(topology: readonly SavedLayer[]): readonly SavedLayer[] {
  if (!topology.some((layer) => layer.inbound_nodes)) return topology;
  const nameOf = (layer: SavedLayer): string => String(layer.name ?? layer.config['name']);
  const sourceOf = new Map(topology.map((layer) => [nameOf(layer), soleSource(layer, nameOf(layer))]));
  const ordered = topology.filter((layer) => sourceOf.get(nameOf(layer)) === null);
  while (ordered.length > 0 && ordered.length < topology.length) {
    const last = nameOf(ordered.at(-1)!);
    const next = topology.filter((layer) => sourceOf.get(nameOf(layer)) === last);
    if (next.length !== 1) throw branched(last, next.length);
    ordered.push(next[0]!);
  }
  return ordered;
}

function soleSource(layer: SavedLayer, name: string): string | null {
  const nodes = layer.inbound_nodes ?? [];
  if (nodes.length === 0) return null;
  if (nodes.length > 1 || nodes[0]!.length !== 1) throw branched(name, nodes.flat().length);
  return nodes[0]![0]![0];
}

const branched = (name: string, count: number): Error =>
  layerExportError(name, 'model', `has ${count} layers beside it`, 'layers one behind the other, with one input and one output');

function checkOutput(layers: readonly NetworkLayer[], classes: number): void {
  const last = layers.findLast(({ rule }) => !isPassing(rule));
  if (!last) throw layersError(['there is no layer that learns']);
  const { rule, name, config, outputShape } = last;
  const isSoftmax = rule.type === 'softmax' || config['activation'] === 'softmax';
  if (isSoftmax && outputShape.length === 1 && outputShape[0] === classes) return;
  const how = isSoftmax ? 'softmax' : String(config['activation'] ?? 'no softmax');
  throw layersError([
    `the last layer "${name}" gives [${outputShape.join(', ')}] with ${how}, and the training rows have ${classes} classes; end in a dense layer of ${classes} units with softmax, or give layers without one`,
  ]);
}

const isPassing = ({ type }: LayerRule): boolean => /dropout|noise/i.test(type);
