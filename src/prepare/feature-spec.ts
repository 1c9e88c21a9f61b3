// The feature specification as data: which numbers a row holds, in which order, over which windows.
// It travels in every dataset card and model manifest; a model is only used by a host whose
// specification has the same names, order and hash.
import { findWindowFlaw, windowColumns, windowSpanMs } from '../core/index.ts';
import type { FeatureWindow } from '../core/index.ts';
import { canonicalSha256 } from './canonical-json.ts';
import { prepareOptionsError } from './errors.ts';
import { featureConstants, featureTable, featureVersion } from './features.ts';
import type { WindowParameters } from './snapshot-window.ts';

/** Everything that decides the numbers of a feature row. Plain JSON. */
export interface FeatureSpec extends WindowParameters {
  /** Version of the formulas. */
  readonly version: number;
  /** Feature names in the order of the row. */
  readonly names: readonly string[];
  /** Constants of the formulas, fixed per version. */
  readonly constants: Readonly<Record<keyof typeof featureConstants, number>>;
  /** With one, a row holds `names` once a step, oldest first. Absent is the newest row alone. */
  readonly window?: FeatureWindow;
}

/** Options of {@link buildFeatureSpec}. */
export interface FeatureSpecOptions {
  /** Expected distance of two snapshots; only the defaults below depend on it. @default 1000 */
  intervalMs?: number;
  /** Span of rates. @default 10 × intervalMs */
  rateWindowMs?: number;
  /** Span of slopes, at least rateWindowMs. @default 60 × intervalMs */
  trendWindowMs?: number;
  /** A longer pause starts the windows afresh. @default max(5 × intervalMs, 2 × rateWindowMs) */
  maxGapMs?: number;
  /** Names to compute, in this order. @default all of `featureNames` */
  names?: readonly string[];
}

/** Names of all features in their default order. */
export const featureNames: readonly string[] = featureTable.map((feature) => feature.name);

/**
 * Builds a specification. The daemon's default suits 1 Hz; a demo at 20 Hz passes `intervalMs: 50`.
 * @throws PrepareOptionsError `ERR_PREPARE_OPTIONS` naming every option that cannot be used
 */
export function buildFeatureSpec(options: FeatureSpecOptions = {}): FeatureSpec {
  const intervalMs = options.intervalMs ?? 1000;
  const rateWindowMs = options.rateWindowMs ?? 10 * intervalMs;
  const trendWindowMs = options.trendWindowMs ?? Math.max(60 * intervalMs, rateWindowMs);
  const maxGapMs = options.maxGapMs ?? Math.max(5 * intervalMs, 2 * rateWindowMs);
  const names = [...(options.names ?? featureNames)];
  const spec = {
    version: featureVersion,
    names,
    rateWindowMs,
    trendWindowMs,
    maxGapMs,
    constants: featureConstants,
  };
  const problems = [...windowProblems({ intervalMs, ...spec }), ...nameProblems(names)];
  if (problems.length > 0) throw prepareOptionsError('a feature specification', problems);
  return spec;
}

/**
 * The same features over a window of the history; undefined is none.
 * @throws PrepareOptionsError `ERR_PREPARE_OPTIONS` for one that reaches too far back, or is none
 */
export function withWindow(
  { window: _old, ...spec }: FeatureSpec,
  window: FeatureWindow | undefined,
): FeatureSpec {
  if (window === undefined) return spec;
  const mostMs = longestWindowMs(spec);
  const problem =
    findWindowFlaw(window) ??
    (windowSpanMs(window) > mostMs
      ? `it reaches back ${windowSpanMs(window)} ms, wanted at most ${mostMs}, ten times trendWindowMs`
      : null);
  if (problem !== null)
    throw prepareOptionsError('a feature specification', [`window cannot be used: ${problem}`]);
  return { ...spec, window: { steps: window.steps, everyMs: window.everyMs } };
}

/** How far back a window may reach: a host keeps that much of its feature rows, whatever is live. */
export const longestWindowMs = ({ trendWindowMs }: Pick<FeatureSpec, 'trendWindowMs'>): number =>
  10 * trendWindowMs;

/** Names of a row's columns, in order: `names`, or `<name>@-<age>` over a window. */
export const featureColumns = ({ names, window }: FeatureSpec): readonly string[] =>
  windowColumns(names, window);

/** Lower-case hexadecimal SHA-256 over the specification's canonical JSON. */
export function featureSpecSha256(spec: FeatureSpec): string {
  return canonicalSha256(spec);
}

/** How long after a start, a gap or a reboot the first feature row appears. */
export function warmupMs(spec: FeatureSpec): number {
  return spec.rateWindowMs;
}

/**
 * How far before the first wanted row snapshots must be read for that row to be the same as with the
 * whole history (as long as nothing in between started the windows afresh).
 */
export function lookbackMs(spec: FeatureSpec): number {
  const windowMs = spec.window ? windowSpanMs(spec.window) + spec.maxGapMs : 0;
  return spec.trendWindowMs + spec.maxGapMs + windowMs;
}

function windowProblems(windows: WindowParameters & { intervalMs: number }): string[] {
  const { intervalMs, rateWindowMs, trendWindowMs, maxGapMs } = windows;
  const problems = Object.entries({ intervalMs, rateWindowMs, trendWindowMs, maxGapMs })
    .filter(([, value]) => !(Number.isFinite(value) && value > 0))
    .map(([name, value]) => `${name} is ${value}, wanted a positive number of milliseconds`);
  if (trendWindowMs < rateWindowMs) {
    problems.push(`trendWindowMs is ${trendWindowMs}, wanted at least rateWindowMs (${rateWindowMs})`);
  }
  return problems;
}

function nameProblems(names: readonly string[]): string[] {
  const unknown = names.filter((name) => !featureNames.includes(name));
  const problems = unknown.map(
    (name) => `names holds "${name}", wanted a subset of ${featureNames.join(', ')}`,
  );
  if (names.length === 0) problems.push('names is empty, wanted at least one feature');
  if (new Set(names).size < names.length) problems.push('names holds a feature twice, wanted each once');
  return problems;
}
