// Feature rows over a window at given times of a history: what a model that looks at windows is asked about when the rows
// at hand hold only the newest.
import { ActionTimes } from './action-times.ts';
import { FeatureComputer } from './feature-extractor.ts';
import { featureColumns, lookbackMs } from './feature-spec.ts';
import type { FeatureSpec } from './feature-spec.ts';
import { actionTimes, planSnapshots } from './history-training-set.ts';
import type { TrainingHistory } from './history-training-set.ts';
import { readSnapshots } from './snapshot-source.ts';

/** Rows in the order of the times they were asked for. */
export interface RowsAtTimes {
  /** rows × columns; 0 in rows that are not there. */
  readonly features: Float32Array;
  /** 1 for a row that the history gives, else 0. */
  readonly found: Uint8Array;
}

/** Computes the rows of a specification at the given times, in ms, ascending; as a training set of this range holds them. */
export async function readRowsAt(
  history: TrainingHistory,
  spec: FeatureSpec,
  timestamps: Float64Array,
  signal?: AbortSignal,
): Promise<RowsAtTimes> {
  const width = featureColumns(spec).length;
  const rows = {
    features: new Float32Array(timestamps.length * width),
    found: new Uint8Array(timestamps.length),
  };
  if (timestamps.length === 0) return rows;
  const rowAt = new Map(Array.from(timestamps, (time, row) => [time, row]));
  const [fromMs, toMs] = [timestamps[0]! - lookbackMs(spec), timestamps.at(-1)! + 1];
  const actions = new ActionTimes(await actionTimes(history));
  const computer = new FeatureComputer(spec);
  const row = new Float32Array(width);
  const { open } = await planSnapshots(history, { fromMs, toMs });
  for await (const run of readSnapshots(open(), signal)) {
    run((snapshot) => {
      if (!computer.take(snapshot)) return;
      computer.compute(actions.lastBefore(snapshot.timestamp), row, 0);
      const wanted = rowAt.get(Math.round(snapshot.timestamp));
      if (wanted === undefined) return;
      rows.features.set(row, wanted * width);
      rows.found[wanted] = 1;
    });
  }
  return rows;
}
