// The one feature extractor, for training and for live decisions alike, so that both see the same
// bits. It streams: one snapshot in, one row out, constant work and bounded memory.
import { windowSpanMs } from '../core/index.ts';
import type { RowHistory } from '../core/index.ts';
import type { SnapshotValues } from './snapshot-columns.ts';
import { canonicalJson } from './canonical-json.ts';
import { prepareOptionsError } from './errors.ts';
import { featureColumns, longestWindowMs } from './feature-spec.ts';
import type { FeatureSpec } from './feature-spec.ts';
import { FeatureTrail } from './feature-trail.ts';
import { featureConstants, featureTable, featureVersion } from './features.ts';
import type { FeatureDefinition, FeatureInput } from './features.ts';
import { SnapshotWindow } from './snapshot-window.ts';

/** What a snapshot does not say itself. */
export interface FeatureContext {
  /** Time of the last action taken before this snapshot (dry runs do not count), null when none is known. */
  readonly lastOptimizationMs: number | null;
  /**
   * When the snapshot was taken, on a time that runs on when the wall clock is set; the last action is given on
   * the same. Hour and weekday still follow the timestamp. @default snapshot.timestamp
   */
  readonly timeMs?: number;
}

/** Turns snapshots in time order into feature rows. */
export interface FeatureExtractor {
  readonly spec: FeatureSpec;
  /**
   * Takes the next snapshot.
   * @returns a new row of finite float32 values in the order of `featureColumns(spec)`, or null while the
   *   rate window is not spanned: after a start, a pause over `maxGapMs`, a step back in time or a reboot,
   *   and for a repeated timestamp
   */
  push(snapshot: SnapshotValues, context: FeatureContext): Float32Array | null;
  /**
   * The newest row with those before it, as far back as any window may reach. It stays that of this row while later ones
   * come, for the length of a trend window.
   */
  history(): RowHistory;
}

/**
 * Creates an extractor with empty windows.
 * @throws PrepareOptionsError `ERR_PREPARE_OPTIONS` for a specification of another version or with other constants
 */
export function createFeatureExtractor(spec: FeatureSpec): FeatureExtractor {
  const width = featureColumns(spec).length;
  const trail = new FeatureTrail(spec.names.length, longestWindowMs(spec) + spec.trendWindowMs);
  const computer = new FeatureComputer(spec, trail);
  return {
    spec,
    push(snapshot, { lastOptimizationMs, timeMs }) {
      if (!computer.take(snapshot, timeMs)) return null;
      const row = new Float32Array(width);
      computer.compute(lastOptimizationMs, row, 0);
      return row;
    },
    history() {
      const mark = trail.mark();
      return {
        windowOf: (window) => {
          const rows = new Float32Array(window.steps * spec.names.length);
          trail.write(window, rows, 0, mark);
          return rows;
        },
      };
    },
  };
}

/** The extractor without its allocations, for building a set of millions of rows. */
export class FeatureComputer {
  readonly #definitions: readonly FeatureDefinition[];
  readonly #window: SnapshotWindow;
  readonly #input: { -readonly [K in keyof FeatureInput]: FeatureInput[K] };
  readonly #steps: FeatureSpec['window'];
  readonly #trail: FeatureTrail | null;
  readonly #row: Float32Array;
  #runs = 0;

  /** @param trail takes every row, where more than the window of the specification is to be had @default that window's own */
  constructor(spec: FeatureSpec, trail?: FeatureTrail) {
    this.#definitions = definitionsOf(spec);
    this.#steps = spec.window;
    const own = spec.window && new FeatureTrail(spec.names.length, windowSpanMs(spec.window));
    this.#trail = trail ?? own ?? null;
    this.#row = new Float32Array(spec.names.length);
    this.#window = new SnapshotWindow(spec);
    this.#input = {
      snapshot: undefined as unknown as SnapshotValues,
      timeMs: 0,
      window: this.#window,
      lastOptimizationMs: null,
      rateWindowMs: spec.rateWindowMs,
      trendWindowMs: spec.trendWindowMs,
    };
  }

  /** Slides the windows; true when a row can be computed. */
  take(snapshot: SnapshotValues, timeMs = snapshot.timestamp): boolean {
    this.#input.snapshot = snapshot;
    this.#input.timeMs = timeMs;
    return this.#window.push(snapshot, timeMs);
  }

  /**
   * Writes the row of the newest snapshot to `target` from `offset` on. Over a window, it is called for every snapshot that
   * can have a row: later rows hold it.
   */
  compute(lastOptimizationMs: number | null, target: Float32Array, offset: number): void {
    if (this.#trail === null) {
      this.#computeNewest(lastOptimizationMs, target, offset);
      return;
    }
    this.#computeNewest(lastOptimizationMs, this.#row, 0);
    if (this.#runs !== this.#window.runs) this.#trail.restart();
    this.#runs = this.#window.runs;
    this.#trail.push(Math.round(this.#input.timeMs), this.#row);
    if (this.#steps) this.#trail.write(this.#steps, target, offset);
    else target.set(this.#row, offset);
  }

  #computeNewest(lastOptimizationMs: number | null, target: Float32Array, offset: number): void {
    this.#input.lastOptimizationMs = lastOptimizationMs;
    for (let i = 0; i < this.#definitions.length; i++) {
      const definition = this.#definitions[i]!;
      const value = Math.fround(definition.compute(this.#input));
      target[offset + i] = Number.isFinite(value) ? value : definition.whenMissing;
    }
  }
}

function definitionsOf(spec: FeatureSpec): FeatureDefinition[] {
  const isKnown =
    spec.version === featureVersion && canonicalJson(spec.constants) === canonicalJson(featureConstants);
  if (!isKnown) {
    const problem = `the specification has version ${spec.version} and constants ${canonicalJson(spec.constants)}, this release computes version ${featureVersion} with ${canonicalJson(featureConstants)}`;
    throw prepareOptionsError('a feature extractor', [problem]);
  }
  return spec.names.map((name) => {
    const definition = featureTable.find((feature) => feature.name === name);
    if (!definition) throw prepareOptionsError('a feature extractor', [`feature "${name}" is unknown`]);
    return definition;
  });
}
