// What every row goes through before the network sees it, in training and inside the exported graph alike: missing
// values become the mean, features are standardised, outliers cut. Each step is rounded to float32, as ONNX does it.
import type { NetworkGraph } from './onnx/onnx-graph.ts';

/** Mean and reciprocal deviation of each column of a row. */
export interface Scaling {
  readonly center: Float32Array;
  /** 0 for a feature that never changed: whatever it is later, the network has learnt nothing of it. */
  readonly scale: Float32Array;
}

/** Standard deviations at which a value is cut. */
const MAX_DEVIATIONS = 10;

/**
 * Reads mean and deviation off the training rows; the steps of a window share those of their feature.
 * @param width values of a row @param period features of one step
 */
export function computeScaling(
  features: Float32Array,
  rows: Int32Array,
  { width, period }: { readonly width: number; readonly period: number },
): Scaling {
  const [count, mean, squares] = [0, 0, 0].map(() => new Float64Array(period)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  // Welford's update: sums of squares of large values would lose what is small beside them.
  for (const row of rows) {
    for (let column = 0; column < width; column++) {
      const value = features[row * width + column]!;
      if (!Number.isFinite(value)) continue;
      const at = column % period;
      const step = value - mean[at]!;
      count[at]!++;
      mean[at]! += step / count[at]!;
      squares[at]! += step * (value - mean[at]!);
    }
  }
  const scaleOf = (at: number): number => {
    const deviation = Math.sqrt(squares[at]! / Math.max(1, count[at]!));
    // Below what float32 tells apart it is rounding.
    return deviation > Math.abs(mean[at]!) * 1e-6 ? 1 / deviation : 0;
  };
  return {
    center: Float32Array.from({ length: width }, (_, column) => mean[column % period]!),
    scale: Float32Array.from({ length: width }, (_, column) => scaleOf(column % period)),
  };
}

/** Scales rows into an array of their own. */
export function scaleRows(
  features: Float32Array,
  rows: Int32Array,
  { center, scale }: Scaling,
): Float32Array {
  const width = center.length;
  const scaled = new Float32Array(rows.length * width);
  for (let at = 0; at < rows.length; at++) {
    const [from, to] = [rows[at]! * width, at * width];
    for (let column = 0; column < width; column++) {
      const value = features[from + column]!;
      const centred = Number.isNaN(value) ? 0 : Math.fround(value - center[column]!);
      const standard = Math.fround(centred * scale[column]!);
      scaled[to + column] = Math.min(MAX_DEVIATIONS, Math.max(-MAX_DEVIATIONS, standard));
    }
  }
  return scaled;
}

/** Adds the same steps to a graph and returns the name of the scaled rows. */
export function emitScaling(graph: NetworkGraph, input: string, { center, scale }: Scaling): string {
  const mean = graph.addFloats('feature_mean', center, [center.length]);
  const filled = graph.add('Where', [graph.add('IsNaN', [input]), mean, input]);
  const centred = graph.add('Sub', [filled, mean]);
  const scaled = graph.add('Mul', [centred, graph.addFloats('feature_scale', scale, [scale.length])]);
  const [low, high] = [-MAX_DEVIATIONS, MAX_DEVIATIONS].map((bound) =>
    graph.addFloats('bound', Float32Array.of(bound), []),
  );
  return graph.add('Clip', [scaled, low!, high!]);
}
