// What was decided at a moment: as it was decided in this run, else as the live model answers when it is asked now. The
// features are computed again from the history, by the extractor that computes them live.
import { loadPolars, messageOf } from '../../core/index.ts';
import type { RowHistory } from '../../core/index.ts';
import type { DecidedMoment } from '../../page/index.ts';
import { createFeatureExtractor, longestWindowMs, lookbackMs } from '../../prepare/index.ts';
import type { Host } from '../host/host-types.ts';
import { namedProbabilities } from './page-memory.ts';
import type { PageMemory } from './page-memory.ts';

/** Parts of a host that moments are read from. */
export type MomentHost = Pick<Host, 'history' | 'spec' | 'models'>;

/** Reads it; null where neither a decision is known nor the live model can be asked. */
export async function readDecision(
  host: MomentHost,
  memory: PageMemory,
  atMs: number,
): Promise<DecidedMoment | null> {
  const kept = memory.decisionAt(atMs);
  const computed = await computeFeatures(host, atMs);
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
  atMs: number,
): Promise<ComputedFeatures | null> {
  const extractor = createFeatureExtractor(spec);
  const fromMs = atMs - longestWindowMs(spec) - lookbackMs(spec);
  const lastOptimizationMs = await readLastAction(history, atMs);
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

/** Time of the last real action before a moment: all that the newest row of features knows of actions. */
async function readLastAction(
  history: Pick<Host['history'], 'lazyFrame'>,
  atMs: number,
): Promise<number | null> {
  const { col, Float64, Int64, lit } = loadPolars();
  const rows = await history.lazyFrame('optimization', { toMs: atMs });
  const found = await rows
    .filter(col('mode').eq(lit('act')))
    .select(col('timestamp').cast(Int64).cast(Float64).max())
    .collect();
  return (found.getColumn('timestamp').toArray()[0] as number | null | undefined) ?? null;
}
