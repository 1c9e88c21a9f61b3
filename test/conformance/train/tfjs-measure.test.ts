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
from ruvector._training.bootstrap import block_length
from ruvector._training.comparison import compare_with_rules
from ruvector._training.held_out import time_ranges, take_predictions
from ruvector._training.resampled import Truths
from ruvector._training.scores import confusion_matrix, describe_scores
def tell(case):
    y, splits, times = (np.array(case[key]) for key in ("labels", "splits", "timestamps"))
    X = np.array([np.nan if v is None else v for v in case["features"]], dtype=np.float32).reshape(len(y), -1)
    train, test = splits == 0, splits == 2
    present = sorted(set(y[train].tolist()) | set(y[test].tolist()))
    names, labels = case["names"], case["labelNames"]
    baseline = score_baselines(names, (X[train], y[train]), (X[test], y[test]), present, labels, case["thresholds"])
    answers = {k: v.tolist() for k, v in take_predictions(baseline, X[test], names, labels).items()}
    scores = describe_scores(confusion_matrix(y[test], np.array(case["predicted"]), 4), present, labels)
    ranges = time_ranges(times[train], times[splits != 0])
    truths = Truths("classification", y[test], tuple(present), block_length(int(test.sum()), times[test], case["horizonMs"]))
    rules = {k: np.array(v) for k, v in answers.items()}
    comparison, by_rule = compare_with_rules(truths, np.array(case["predicted"]), rules)
    told = {"baseline": baseline, "answers": answers, "scores": scores, "ranges": ranges}
    return {**told, "comparison": comparison, "byRule": by_rule}
print(json.dumps([tell(case) for case in json.load(sys.stdin)]))
`;

interface Peer {
  readonly baseline: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly answers: Readonly<Record<string, readonly number[]>>;
  readonly scores: Readonly<Record<string, unknown>>;
  readonly ranges: readonly (readonly number[])[];
  readonly comparison: Readonly<Record<string, unknown>>;
  readonly byRule: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** Numbers that are equal but for the last digits. */
const close = (value: unknown): unknown => {
  if (typeof value === 'number') return expect.closeTo(value, 9);
  if (Array.isArray(value)) return value.map(close);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, close(each)]));
};

/** Rows, and answers to the test rows of which each so manieth is wrong. */
function buildCase({ rows, wrongEach }: { rows: number; wrongEach: number }) {
  const set = buildLearnableRows({ rows, seed: 11 });
  const test = Array.from({ length: set.rowCount }, (_, row) => row).filter((row) => set.splits[row] === 2);
  const predicted = Int8Array.from(test, (row) => (row % wrongEach === 0 ? (row * 3) % 4 : set.labels[row]!));
  const asked = {
    labels: [...(set.labels as Int8Array)],
    splits: [...(set.splits as Uint8Array)],
    timestamps: [...(set.timestamps as Float64Array)],
    features: [...set.features],
    names: set.featureNames,
    labelNames: labels,
    thresholds: set.thresholds,
    horizonMs: set.horizonMs,
    predicted: [...predicted],
  };
  return { set, predicted, asked };
}

it('measure() finds the scores, baselines and verdict that Python finds on the same rows', async () => {
  const cases = [
    { rows: 700, wrongEach: 7 },
    { rows: 700, wrongEach: 1 },
    { rows: 100, wrongEach: 7 },
  ].map(buildCase);
  const running = promisify(execFile)(python, ['-c', script], {
    env: { ...process.env, PYTHONPATH: join(import.meta.dirname, '../../../python/src') },
  });
  running.child.stdin!.end(JSON.stringify(cases.map(({ asked }) => asked)));
  const peers = JSON.parse((await running).stdout) as readonly Peer[];
  const verdicts = cases.map(({ set, predicted }, at) => {
    const peer = peers[at]!;
    const { metrics, baselines } = measure(set, predicted);
    expect(metrics).toMatchObject(close(peer.scores) as object);
    expect(metrics['baseline']).toMatchObject(close(peer.baseline) as object);
    expect(metrics['baseline']).toMatchObject(close(peer.byRule) as object);
    expect(Object.fromEntries(Object.entries(baselines).map(([name, given]) => [name, [...given]]))).toEqual(
      peer.answers,
    );
    expect(findTrainedRanges(set)).toEqual(peer.ranges);
    expect(metrics['comparison']).toEqual(close(peer.comparison));
    return (metrics['comparison'] as { better: boolean | null }).better;
  });
  expect(verdicts).toEqual([true, false, null]);
});
