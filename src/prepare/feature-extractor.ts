// The one feature extractor, for training and for live decisions alike, so that both see the same
// bits. It streams: one snapshot in, one row out, constant work and bounded memory.
import type { MemorySnapshot } from '../core/index.ts';
import { canonicalJson } from './canonical-json.ts';
import { PrepareOptionsError } from './errors.ts';
import type { FeatureSpec } from './feature-spec.ts';
import { featureConstants, featureTable, featureVersion } from './features.ts';
import type { FeatureDefinition } from './features.ts';
import { SnapshotWindow } from './snapshot-window.ts';

/** What a snapshot does not say itself. */
export interface FeatureContext {
  /** Time of the last action taken before this snapshot (dry runs do not count), null when none is known. */
  readonly lastOptimizationMs: number | null;
}

/** Turns snapshots in time order into feature rows. */
export interface FeatureExtractor {
  readonly spec: FeatureSpec;
  /**
   * Takes the next snapshot.
   * @returns a new row of finite float32 values in the order of `spec.names`, or null while the rate
   *   window is not spanned: after a start, a pause over `maxGapMs`, a step back in time or a reboot,
   *   and for a repeated timestamp
   */
  push(snapshot: MemorySnapshot, context: FeatureContext): Float32Array | null;
}

/**
 * Creates an extractor with empty windows.
 * @throws PrepareOptionsError `ERR_PREPARE_OPTIONS` for a specification of another version or with other constants
 */
export function createFeatureExtractor(spec: FeatureSpec): FeatureExtractor {
  const definitions = definitionsOf(spec);
  const window = new SnapshotWindow(spec);
  const { rateWindowMs, trendWindowMs } = spec;
  return {
    spec,
    push(snapshot, { lastOptimizationMs }) {
      if (!window.push(snapshot)) return null;
      const input = { snapshot, window, lastOptimizationMs, rateWindowMs, trendWindowMs };
      const row = new Float32Array(definitions.length);
      for (let i = 0; i < row.length; i++) {
        const definition = definitions[i]!;
        row[i] = definition.compute(input);
        if (!Number.isFinite(row[i])) row[i] = definition.whenMissing;
      }
      return row;
    },
  };
}

function definitionsOf(spec: FeatureSpec): FeatureDefinition[] {
  const isKnown =
    spec.version === featureVersion && canonicalJson(spec.constants) === canonicalJson(featureConstants);
  if (!isKnown) {
    const problem = `the specification has version ${spec.version} and constants ${canonicalJson(spec.constants)}, this release computes version ${featureVersion} with ${canonicalJson(featureConstants)}`;
    throw new PrepareOptionsError('a feature extractor', [problem]);
  }
  return spec.names.map((name) => {
    const definition = featureTable.find((feature) => feature.name === name);
    if (!definition) throw new PrepareOptionsError('a feature extractor', [`feature "${name}" is unknown`]);
    return definition;
  });
}
