// Every trainer on one real data set: fitted, exported, deployed to a running host, where it decides or answers beside the
// decision. Python holds ONNX against the framework, Node against what Python wrote. One Python process fits them all.
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { runTrainerMatrix } from '../../support/train/trainer-matrix.ts';
import type { MatrixTrainer, TrainerMatrix } from '../../support/train/trainer-matrix.ts';

/** Small settings: what is looked at is the way, not the score. */
const trainers: readonly MatrixTrainer[] = [
  { name: 'sklearn.RandomForestClassifier', parameters: { n_estimators: 10 } },
  { name: 'sklearn.LogisticRegression' },
  { name: 'sklearn.HistGradientBoostingClassifier', parameters: { max_iter: 10 } },
  { name: 'sklearn.IsolationForest', parameters: { n_estimators: 20 } },
  { name: 'sklearn.HistGradientBoostingRegressor', parameters: { max_iter: 10 } },
  { name: 'lightgbm.LGBMClassifier', parameters: { n_estimators: 10 } },
  { name: 'xgboost.XGBClassifier', parameters: { n_estimators: 10 } },
  { name: 'torch.MLP', parameters: { max_epochs: 2 } },
  { name: 'torch.GRU', parameters: { max_epochs: 1 }, window: true },
  { name: 'keras.MLP', parameters: { max_epochs: 1 } },
];
const TOLERANCE = 1e-5;

let matrix: TrainerMatrix;

beforeAll(async () => {
  matrix = await runTrainerMatrix(trainers);
}, 180_000);

afterAll(async () => matrix[Symbol.asyncDispose]());

it.each(trainers)(
  'fit() and deploy() bring $name to a running host, where it answers as it does in Python',
  async ({ name }) => {
    const line = matrix.lines.get(name);
    expect(line, matrix.log).toBeDefined();
    expect(line!.error).toBeUndefined();
    expect(line).toMatchObject({ isLive: true, rows: 2048 });
    expect(line!.maxDifference).toBeLessThanOrEqual(TOLERANCE);
    expect(await matrix.compareInNode(line!)).toBeLessThanOrEqual(TOLERANCE);
    const version = `${line!.manifest.name}@${line!.version}`;
    await vi.waitFor(() => expect(matrix.host.firstDecisionMs(version)).toBeGreaterThan(0));
  },
);

it('status() shows what the detector and the forecast say of the newest sample, beside the decision', () => {
  const { tasks, model } = matrix.host.status();
  expect(tasks.anomaly).toMatchObject({
    failures: 0,
    answer: { task: 'anomaly', modelVersion: tasks.anomaly.live },
  });
  expect(tasks.forecast).toMatchObject({ failures: 0, answer: { task: 'forecast', horizonMs: 5000 } });
  expect(model.live).toMatch(/^memopt@/);
});
