// What is known of a kind of layer: its options, what it makes of a shape, and how it stands in ONNX. Types and the
// checks of single values; the kinds are beside it.
import type { NetworkGraph } from '../onnx/onnx-graph.ts';

/** Sizes of a value without its rows: [features], or [steps, channels]. */
export type Shape = readonly number[];

/** Configuration of a layer as tf.js saves it: names with underscores. */
export type LayerConfig = Readonly<Record<string, unknown>>;

/** Trained values. */
export interface Weight {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** What a layer is exported from. */
export interface ExportedLayer {
  readonly graph: NetworkGraph;
  readonly config: LayerConfig;
  /** By its short name, such as `kernel`; null when the layer has none of that name. */
  readonly weight: (name: string) => Weight | null;
  /** Name of the value it takes, and its shape. */
  readonly input: string;
  readonly shape: Shape;
  readonly outputShape: Shape;
}

/** Says what an option must be. */
export interface OptionCheck {
  readonly wanted: string;
  readonly accepts: (value: unknown) => boolean;
}

/** A kind of layer. */
export interface LayerRule {
  /** Name in `layers`, as in `tf.layers`. */
  readonly type: string;
  /** Name in a saved model. */
  readonly className: string;
  readonly options: Readonly<Record<string, OptionCheck>>;
  /** Options without which there is no such layer. */
  readonly required?: readonly string[];
  /** @throws LayerProblem when it does not take such a shape, or cannot be exported with this configuration */
  outputShape(config: LayerConfig, input: Shape): Shape;
  /** Multiplications for one row. @default none worth counting */
  multiplyAdds?(config: LayerConfig, input: Shape, output: Shape): number;
  /** Adds its nodes and returns the name of its output. */
  emit(layer: ExportedLayer): string;
}

/** What is wrong with a layer, without its name: whoever checks the network knows that. */
export class LayerProblem extends Error {}

/** A whole number from `least`. */
export const wholeNumber = (least: number): OptionCheck => ({
  wanted: `a whole number from ${least}`,
  accepts: (value) => Number.isInteger(value) && (value as number) >= least,
});

/** A number within bounds, the upper one excluded. */
export const numberIn = (low: number, high: number): OptionCheck => ({
  wanted: `a number from ${low}${high === Number.POSITIVE_INFINITY ? '' : ` to below ${high}`}`,
  accepts: (value) => typeof value === 'number' && value >= low && value < high,
});

/** True or false. */
export const flag: OptionCheck = { wanted: 'true or false', accepts: (value) => typeof value === 'boolean' };

/** One of some words. */
export const oneOf = (...words: readonly string[]): OptionCheck => ({
  wanted: `one of ${words.join(', ')}`,
  accepts: (value) => words.includes(value as string),
});

/** Reads a size that tf.js saves as a number or as a list of one. */
export function layerSizeOf(config: LayerConfig, name: string, otherwise: number): number {
  const value = config[name] ?? otherwise;
  return Number(Array.isArray(value) ? value[0] : value);
}

/** Reads a word, however it is spelt: `channels_last` and `channelsLast` are the same. */
export function wordOf(config: LayerConfig, name: string, otherwise: string): string {
  return ((config[name] as string | undefined) ?? otherwise).replaceAll('_', '').toLowerCase();
}

/** Product of the sizes. */
export const sizeOfShape = (shape: Shape): number => shape.reduce((product, size) => product * size, 1);

/** Reads a shape of `[steps, channels]`. @throws LayerProblem */
export function sequenceShape(shape: Shape): readonly [steps: number, channels: number] {
  const [steps, channels] = shape;
  if (shape.length === 2) return [steps!, channels!];
  throw new LayerProblem(
    `takes [steps, channels] and gets [${shape.join(', ')}]; train on a window (dataset: { window }), or put a reshape before it`,
  );
}

/** A weight that the layer must have. */
export function weightOf(layer: ExportedLayer, name: string): Weight {
  const weight = layer.weight(name);
  if (weight === null) throw new LayerProblem(`has no weights "${name}"`);
  return weight;
}

/** Swaps rows and columns. */
export function transpose({ shape: [rows = 0, columns = 0], values }: Weight): Float32Array {
  const swapped = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      swapped[column * rows + row] = values[row * columns + column]!;
    }
  }
  return swapped;
}
