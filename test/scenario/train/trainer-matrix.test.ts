// Every trainer on one real data set, and on what the host captured meanwhile: fitted, exported, deployed to a running
// host, where it decides or answers beside the decision. Python holds what went live against the framework, Node against
// what Python wrote. One Python process fits them all.
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { NETWORK, runTrainerMatrix } from '../../support/train/trainer-matrix.ts';
import type { MatrixTrainer, TrainerMatrix } from '../../support/train/trainer-matrix.ts';

/** Small settings: what is looked at is the way, not the score. */
const trainers: readonly MatrixTrainer[] = [
  { name: 'sklearn.RandomForestClassifier', parameters: { n_estimators: 10 } },
  { name: 'sklearn.ExtraTreesClassifier', parameters: { n_estimators: 10 } },
  { name: 'sklearn.tree.DecisionTreeClassifier', parameters: { max_depth: 6 } },
  { name: 'sklearn.GradientBoostingClassifier', parameters: { n_estimators: 3 } },
  { name: 'sklearn.HistGradientBoostingClassifier', parameters: { max_iter: 5 } },
  { name: 'sklearn.LogisticRegression' },
  { name: 'sklearn.SVC', parameters: { max_iter: 20 } },
  { name: 'sklearn.KNeighborsClassifier' },
  { name: 'sklearn.GaussianNB' },
  { name: 'sklearn.MLPClassifier', parameters: { max_iter: 5 } },
  { name: 'sklearn.VotingClassifier' },
  { name: 'sklearn.StackingClassifier', parameters: { cv: 2 } },
  { name: 'sklearn.CalibratedClassifierCV' },
  { name: 'a pipeline of columns' },
  { name: 'sklearn.IsolationForest', parameters: { n_estimators: 20 } },
  { name: 'sklearn.LocalOutlierFactor' },
  { name: 'sklearn.HistGradientBoostingRegressor', parameters: { max_iter: 5 } },
  { name: 'sklearn.Ridge' },
  { name: 'lightgbm.LGBMClassifier', parameters: { n_estimators: 5 } },
  { name: 'lightgbm.LGBMRegressor', parameters: { n_estimators: 5 } },
  { name: 'xgboost.XGBClassifier', parameters: { n_estimators: 5 } },
  { name: 'xgboost.XGBRegressor', parameters: { n_estimators: 5 } },
  { name: 'torch.MLP', parameters: { max_epochs: 2 } },
  { name: 'torch.GRU', parameters: { max_epochs: 1 }, window: true },
  { name: 'torch.TCN', parameters: { max_epochs: 1 }, window: true },
  { name: 'an nn.Module' },
  { name: 'keras.MLP', parameters: { max_epochs: 1 } },
  { name: 'a keras.Model' },
  { name: 'an object with fit and to_onnx' },
  { name: 'a skops file', file: 'skops' },
  { name: 'a joblib file', file: 'joblib' },
];
/** A file is not fitted here, and what loads it is a process of its own, seconds each: one data set has to do. */
const onCapture = trainers.filter(({ file }) => file === undefined);
/** Those of the data set first, so that the host has seen something by then. */
const asked = [...trainers, ...onCapture.map((each) => ({ ...each, isFresh: true }))];
const TOLERANCE = 1e-5;
/**
 * A model of a capture is asked about rows of the data set, from beyond what it has seen, where float32 rounds large sums.
 * Its gate held it to 1e-5 on its own rows.
 */
const BEYOND_TOLERANCE = 1e-4;

let matrix: TrainerMatrix;

beforeAll(async () => {
  matrix = await runTrainerMatrix(asked);
}, 300_000);

afterAll(async () => matrix[Symbol.asyncDispose]());

const cases = [...asked, { name: NETWORK }, { name: NETWORK, isFresh: true }].map(
  ({ name, isFresh = false }: MatrixTrainer) => ({
    name,
    isFresh,
    what: isFresh ? 'what the host saw meanwhile' : 'the data set',
  }),
);

it.for(cases)(
  'fit() and deploy() bring $name, fitted on $what, to a running host, where it answers as it does in Python',
  async ({ name, isFresh }, { skip }) => {
    const line = matrix.lines.find((each) => each.name === name && each.isFresh === isFresh);
    expect(line, matrix.log).toBeDefined();
    if (line!.code === 'ERR_TRAIN_NO_PACKAGE') skip(line!.error);
    expect(line!.error).toBeUndefined();
    expect(line).toMatchObject({ isLive: true, rows: 2048 });
    const tolerance = isFresh ? BEYOND_TOLERANCE : TOLERANCE;
    expect(line!.maxDifference).toBeLessThanOrEqual(tolerance);
    expect(await matrix.compareInNode(line!)).toBeLessThanOrEqual(tolerance);
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
  expect(tasks.forecast).toMatchObject({ failures: 0, answer: { task: 'forecast', horizonMs: 500 } });
  expect(model.live).toMatch(/^memopt@/);
});
