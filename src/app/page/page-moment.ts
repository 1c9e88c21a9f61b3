// What was decided at a moment: as it was decided in this run, else as the live model answers when it is asked now. The
// features are computed again from the history, by the extractor that computes them live.
import { messageOf } from '../../core/index.ts';
import type { RowHistory } from '../../core/index.ts';
import type { DecidedMoment } from '../../page/index.ts';
import { createFeatureExtractor, longestWindowMs, lookbackMs } from '../../prepare/index.ts';
import type { Host } from '../host/host-types.ts';
import { namedProbabilities } from './page-memory.ts';
import type { PageMemory } from './page-memory.ts';

/** Parts of a host that moments are read from. */
export type MomentHost = Pick<Host, 'history' | 'spec' | 'models'>;

/** The sample that was decided on. */
export interface DecidedAt {
  readonly atMs: number;
  /** All that the newest row of features knows of actions; null without one before. */
  readonly lastActionMs: number | null;
}

/** Reads it; null where neither a decision is known nor the live model can be asked. */
export async function readDecision(
  host: MomentHost,
  memory: PageMemory,
  at: DecidedAt,
): Promise<DecidedMoment | null> {
  const { atMs } = at;
  const kept = memory.decisionAt(atMs);
  const computed = await computeFeatures(host, at);
  const features =
    computed && Object.fromEntries(host.spec.names.map((name, i) => [name, computed.features[i] ?? 0]));
  if (kept !== null) return { ...kept, features, isRecomputed: false };
  return computed && askNow(host, atMs, computed, features);
}

interface ComputedFeatures {
  readonly features: Float32Array;
  readonly history: RowHistory;
}

/** The features of the sample at a moment; null while the windows before it are not filled. */
async function computeFeatures(
  { history, spec }: MomentHost,
  { atMs, lastActionMs: lastOptimizationMs }: DecidedAt,
): Promise<ComputedFeatures | null> {
  const extractor = createFeatureExtractor(spec);
  const fromMs = atMs - longestWindowMs(spec) - lookbackMs(spec);
  let features: Float32Array | null = null;
  for (const row of await history.rows('memory', { fromMs, toMs: atMs + 1 })) {
    features = extractor.push(row, { lastOptimizationMs });
  }
  return features && { features, history: extractor.history() };
}

async function askNow(
  { models }: MomentHost,
  atMs: number,
  { features, history }: ComputedFeatures,
  named: Readonly<Record<string, number>> | null,
): Promise<DecidedMoment | null> {
  try {
    const { label, probabilities, modelVersion } = await models.predict(features, history);
    return {
      atMs,
      label,
      probabilities: namedProbabilities(probabilities),
      features: named,
      modelVersion,
      reason: `${modelVersion}, asked now about this moment`,
      isRecomputed: true,
    };
  } catch (error) {
    const reason = `nobody can be asked: ${messageOf(error)}`;
    return { atMs, label: 'unknown', probabilities: null, features: named, reason, isRecomputed: true };
  }
}
