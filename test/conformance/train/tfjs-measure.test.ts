// The figures of a network's package are those that Python would have written: scores, baselines with their facts and
// answers, the ranges trained on.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { labels } from '../../../src/core/index.ts';
import { measure } from '../../../src/train/tfjs/measure.ts';
import { findTrainedRanges } from '../../../src/train/tfjs/training-times.ts';
import { python } from '../../support/python.ts';
import { buildLearnableRows } from '../../support/train/learnable-rows.ts';

const script = `
import json, sys
import numpy as np
from ruvector._training.baseline import score_baselines
from ruvector._training.held_out import time_ranges, take_predictions
from ruvector._training.scores import confusion_matrix, describe_scores
case = json.load(sys.stdin)
y, splits, times = (np.array(case[key]) for key in ("labels", "splits", "timestamps"))
X = np.array([np.nan if v is None else v for v in case["features"]], dtype=np.float32).reshape(len(y), -1)
train, test = splits == 0, splits == 2
present = sorted(set(y[train].tolist()) | set(y[test].tolist()))
names, labels = case["names"], case["labelNames"]
baseline = score_baselines(names, (X[train], y[train]), (X[test], y[test]), present, labels, case["thresholds"])
answers = {k: v.tolist() for k, v in take_predictions(baseline, X[test], names, labels).items()}
scores = describe_scores(confusion_matrix(y[test], np.array(case["predicted"]), 4), present, labels)
ranges = time_ranges(times[train], times[splits != 0])
print(json.dumps({"baseline": baseline, "answers": answers, "scores": scores, "ranges": ranges}))
`;

interface Peer {
  readonly baseline: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly answers: Readonly<Record<string, readonly number[]>>;
  readonly scores: Readonly<Record<string, unknown>>;
  readonly ranges: readonly (readonly number[])[];
}

/** Numbers that are equal but for the last digits. */
const close = (value: unknown): unknown => {
  if (typeof value === 'number') return expect.closeTo(value, 9);
  if (Array.isArray(value)) return value.map(close);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, close(each)]));
};

it('measure() finds the scores and baselines that Python finds on the same rows', async () => {
  const set = buildLearnableRows({ rows: 700, seed: 11 });
  const test = Array.from({ length: set.rowCount }, (_, row) => row).filter((row) => set.splits[row] === 2);
  const predicted = Int8Array.from(test, (row) => (row % 7 === 0 ? (row * 3) % 4 : set.labels[row]!));
  const { metrics, baselines } = measure(set, predicted);
  const running = promisify(execFile)(python, ['-c', script], {
    env: { ...process.env, PYTHONPATH: join(import.meta.dirname, '../../../python/src') },
  });
  running.child.stdin!.end(
    JSON.stringify({
      labels: [...(set.labels as Int8Array)],
      splits: [...(set.splits as Uint8Array)],
      timestamps: [...(set.timestamps as Float64Array)],
      features: [...set.features],
      names: set.featureNames,
      labelNames: labels,
      thresholds: set.thresholds,
      predicted: [...predicted],
    }),
  );
  const peer = JSON.parse((await running).stdout) as Peer;
  expect(metrics).toMatchObject(close(peer.scores) as object);
  expect(metrics['baseline']).toMatchObject(close(peer.baseline) as object);
  expect(Object.fromEntries(Object.entries(baselines).map(([name, given]) => [name, [...given]]))).toEqual(
    peer.answers,
  );
  expect(findTrainedRanges(set)).toEqual(peer.ranges);
});
