// Windows of the history: which earlier feature rows a model sees beside the newest, how their columns are named, and
// where one window lies in another. Pure, and without Arrow; the rows themselves are kept by src/prepare/feature-trail.ts.

/** So many feature rows, so far apart, the newest among them. */
export interface FeatureWindow {
  readonly steps: number;
  readonly everyMs: number;
}

/** A feature row with those before it, for models that look at more than one. */
export interface RowHistory {
  /** The rows of a window that ends with the newest, oldest first, one after the other; a new array. */
  windowOf(window: FeatureWindow): Float32Array;
}

/** Most rows of a window: each is a column a feature, on the wire, in golden rows and in files. */
export const MAX_WINDOW_STEPS = 64;

/** What keeps a value from being a window, or null. */
export function findWindowFlaw(value: unknown): string | null {
  const { steps, everyMs } = (value ?? {}) as Partial<FeatureWindow>;
  if (!Number.isInteger(steps) || steps! < 2 || steps! > MAX_WINDOW_STEPS) {
    return `its steps are ${String(steps)}, wanted a whole number from 2 to ${MAX_WINDOW_STEPS}`;
  }
  if (Number.isSafeInteger(everyMs) && everyMs! > 0) return null;
  return `its everyMs is ${String(everyMs)}, wanted a whole number of milliseconds above 0`;
}

/** How far back the oldest row of a window lies. */
export const windowSpanMs = ({ steps, everyMs }: FeatureWindow): number => (steps - 1) * everyMs;

/** Columns of a windowed row, oldest step first: `usage_percent@-15` … `usage_percent@-0`. Without a window the names. */
export function windowColumns(
  names: readonly string[],
  window: FeatureWindow | undefined,
): readonly string[] {
  if (window === undefined) return names;
  const ages = Array.from({ length: window.steps }, (_, step) => window.steps - 1 - step);
  return ages.flatMap((age) => names.map((name) => `${name}@-${age}`));
}

/** The feature and the age in steps that a column of a windowed row holds. */
export function parseWindowColumn(column: string): { readonly name: string; readonly age: number } {
  const [, name, age] = /^(.*)@-(\d+)$/.exec(column) ?? [];
  return name === undefined ? { name: column, age: 0 } : { name, age: Number(age) };
}

/**
 * Which steps of the window `outer` are those of `inner`, oldest first; null when it lacks one. Undefined is the newest
 * row alone, which every window holds.
 */
export function stepsWithin(
  inner: FeatureWindow | undefined,
  outer: FeatureWindow | undefined,
): readonly number[] | null {
  const newest = (outer?.steps ?? 1) - 1;
  if (inner === undefined) return [newest];
  const stride = inner.everyMs / (outer?.everyMs ?? Infinity);
  const oldest = newest - (inner.steps - 1) * stride;
  if (stride < 1 || !Number.isInteger(stride) || oldest < 0) return null;
  return Array.from({ length: inner.steps }, (_, step) => oldest + step * stride);
}

/** A window in words: `16 rows 1s apart`, or `the newest row alone`. */
export function describeWindow(window: FeatureWindow | undefined): string {
  return window === undefined
    ? 'the newest row alone'
    : `${window.steps} rows ${window.everyMs / 1000} s apart`;
}
