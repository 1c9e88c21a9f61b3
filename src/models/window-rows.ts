// Rows over windows of the history, and how a model of one window takes rows of another: a window holds the newest row and
// maybe shorter windows; what it does not hold is asked of the history of this host, as far as that still has it. Pure.
import { stepsWithin } from '../core/plain/index.ts';
import type { FeatureWindow } from '../core/plain/index.ts';
import type { HeldOutRows } from './held-out.ts';
import type { ModelManifest } from './manifest.ts';
import type { FeatureContract } from './verify.ts';

/** What a host computes over windows of its history. */
export interface HostWindows {
  /** What a model that looks at a window must have been trained on; null when this host keeps no rows that old. */
  contract(window: FeatureWindow): FeatureContract | null;
  /** The rows at the given times, ascending. */
  read(window: FeatureWindow, timestamps: Float64Array): Promise<WindowRows>;
}

/** Rows over a window, at the times of others. */
export interface WindowRows {
  readonly window: FeatureWindow | undefined;
  /** rows × columns. */
  readonly features: Float32Array;
  /** 1 for a row that is there, else 0. */
  readonly found: Uint8Array;
}

/** Rows that models are asked about, and the same over the windows that these do not hold. */
export interface AskedRows {
  readonly rows: HeldOutRows;
  readonly window: FeatureWindow | undefined;
  readonly others: readonly WindowRows[];
}

/** Rows as one model takes them. */
export interface TakenRows {
  readonly features: Float32Array;
  /** 1 for a row that it can be asked about, else 0; null is all of them. */
  readonly found: Uint8Array | null;
}

/** True when rows over `outer` hold all that a model of `inner` looks at. */
export const isHeldBy = (inner: FeatureWindow | undefined, outer: FeatureWindow | undefined): boolean =>
  stepsWithin(inner, outer) !== null;

/** The rows as a model takes them; none can be asked about when neither they nor the history hold what it looks at. */
export function rowsTakenBy(
  { features, window }: Pick<ModelManifest, 'features' | 'window'>,
  { rows, window: outer, others }: AskedRows,
): TakenRows {
  const width = features.length / (window?.steps ?? 1);
  const steps = stepsWithin(window, outer);
  if (steps !== null) return { features: pickSteps(rows, steps, { width, outer }), found: null };
  const other = others.find((each) => isSameWindow(each.window, window));
  if (other === undefined) {
    return { features: new Float32Array(rows.rows * features.length), found: new Uint8Array(rows.rows) };
  }
  return { features: other.features, found: sameNewest(rows, other, width) };
}

/** Rows of a row-major matrix. */
export function pickRows(matrix: Float32Array, picked: readonly number[], width: number): Float32Array {
  const rows = new Float32Array(picked.length * width);
  picked.forEach((row, at) => rows.set(matrix.subarray(row * width, (row + 1) * width), at * width));
  return rows;
}

function pickSteps(
  { rows, features }: Pick<HeldOutRows, 'rows' | 'features'>,
  steps: readonly number[],
  { width, outer }: { readonly width: number; readonly outer: FeatureWindow | undefined },
): Float32Array {
  const outerWidth = width * (outer?.steps ?? 1);
  if (steps.length * width === outerWidth) return features;
  const picked = new Float32Array(rows * steps.length * width);
  for (let row = 0; row < rows; row++) {
    for (const [at, step] of steps.entries()) {
      const from = row * outerWidth + step * width;
      picked.set(features.subarray(from, from + width), (row * steps.length + at) * width);
    }
  }
  return picked;
}

/** Rows of the history count only where their newest step is the very row that came with the model: it may be another host's. */
function sameNewest({ rows, features }: HeldOutRows, other: WindowRows, width: number): Uint8Array {
  const [ours, theirs] = [features.length / rows, other.features.length / rows];
  return other.found.map((isThere, row) => {
    if (isThere === 0) return 0;
    for (let i = 1; i <= width; i++) {
      if (!Object.is(features[(row + 1) * ours - i], other.features[(row + 1) * theirs - i])) return 0;
    }
    return 1;
  });
}

const isSameWindow = (a: FeatureWindow | undefined, b: FeatureWindow | undefined): boolean =>
  a?.steps === b?.steps && a?.everyMs === b?.everyMs;
