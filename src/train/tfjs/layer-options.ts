// `layers` as a user writes them, and their way into a topology that tf.js builds a model from. Pure: nothing of tf.js
// is loaded to find a mistake.
import type { TfjsLayer } from '../train-job.ts';
import { layersError } from './errors.ts';
import { layerRules, ruleByType } from './layers/index.ts';
import type { LayerConfig } from './layers/index.ts';

/** A layer as tf.js saves it. */
export interface TopologyLayer {
  readonly class_name: string;
  readonly config: LayerConfig;
}

/**
 * Checks names and options, all of them at once.
 * @throws RuvectorError `ERR_TRAIN_LAYERS`
 */
export function checkLayerOptions(layers: unknown): readonly TfjsLayer[] {
  if (!Array.isArray(layers)) throw layersError(['layers is not a list of layers']);
  const problems = layers.flatMap((layer, at) => problemsOf(layer, `layer ${at + 1}`));
  if (problems.length > 0) throw layersError(problems);
  return layers as readonly TfjsLayer[];
}

function problemsOf(layer: unknown, where: string): string[] {
  if (typeof layer !== 'object' || layer === null) return [`${where} is not an object with a type`];
  const { type, ...options } = layer as TfjsLayer;
  const rule = ruleByType.get(type);
  if (!rule) return [`${where} is "${String(type)}", which ${describeUnknown(type)}`];
  const missing = (rule.required ?? []).filter((name) => options[name] === undefined);
  return [
    ...missing.map((name) => `${where} (${type}) lacks ${name}, ${rule.options[name]!.wanted}`),
    ...Object.entries(options).flatMap(([name, value]) => {
      const check = Object.hasOwn(rule.options, name) ? rule.options[name] : undefined;
      if (!check) return [`${where} (${type}) has no option ${name}${listed(Object.keys(rule.options))}`];
      if (value === undefined || check.accepts(value)) return [];
      return [`${where} (${type}) has ${name} ${JSON.stringify(value)}, wanted ${check.wanted}`];
    }),
  ];
}

const listed = (names: readonly string[]): string =>
  names.length === 0 ? '; it has none' : `; it has ${names.join(', ')}`;

/** What tf.js has and ONNX would not get is told apart from what nobody has. */
function describeUnknown(type: string): string {
  const near = layerRules.find((rule) => rule.type.toLowerCase() === String(type).toLowerCase());
  if (near) return `is written "${near.type}"`;
  const known = layerRules.map((rule) => rule.type).join(', ');
  return `cannot be exported to ONNX or is no layer; there are ${known}`;
}

/**
 * Builds the layers of a topology; one with a unit for each class and softmax is added where the last one is not a
 * softmax.
 * @param inputShape sizes of a row: [features], or [steps, features] of a window
 */
export function buildTopologyLayers(
  layers: readonly TfjsLayer[],
  inputShape: readonly number[],
  classes: number,
): TopologyLayer[] {
  const all = endsInSoftmax(layers)
    ? layers
    : [...layers, { type: 'dense', units: classes, activation: 'softmax' }];
  return all.map(({ type, ...options }, at) => ({
    class_name: ruleByType.get(type)!.className,
    config: {
      ...Object.fromEntries(Object.entries(options).map(([name, value]) => [toSavedName(name), value])),
      name: `${type.toLowerCase()}_${at + 1}`,
      ...(at === 0 && { batch_input_shape: [null, ...inputShape] }),
    },
  }));
}

function endsInSoftmax(layers: readonly TfjsLayer[]): boolean {
  const last = layers.at(-1);
  return last?.type === 'softmax' || last?.['activation'] === 'softmax';
}

const toSavedName = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
