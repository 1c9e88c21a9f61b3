// A host that comes back within the longest pause goes on where it was: its feature windows are filled with the end of
// its history, as a training set over the pause has them.
import type { Clock } from '../../core/index.ts';
import { ActionTimes, actionTimes, lookbackMs, longestWindowMs } from '../../prepare/index.ts';
import type { FeatureExtractor, TrainingHistory } from '../../prepare/index.ts';
import type { History } from '../../store/index.ts';

/** Hands an extractor the snapshots before now; none when the last one is too old for windows to reach over. */
export async function fillExtractor(
  extractor: FeatureExtractor,
  history: Pick<History, 'rows'> & TrainingHistory,
  clock: Pick<Clock, 'nowMs'>,
): Promise<void> {
  const { spec } = extractor;
  const nowMs = clock.nowMs();
  const recent = await history.rows('memory', { fromMs: nowMs - spec.maxGapMs, toMs: nowMs + 1 });
  if (recent.length === 0) return;
  const fromMs = nowMs - longestWindowMs(spec) - lookbackMs(spec);
  const actions = new ActionTimes(await actionTimes(history));
  for (const snapshot of await history.rows('memory', { fromMs, toMs: nowMs + 1 })) {
    extractor.push(snapshot, { lastOptimizationMs: actions.lastBefore(snapshot.timestamp) });
  }
}
