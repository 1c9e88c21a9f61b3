// What a network is worth on the test rows, beside majority, a threshold on memory usage and persistence: the figures of
// a Python trainer's package (python/src/ruvector/_training/measurement.py, baseline.py), and a test holds them together.
import { labels as hostLabels, parseWindowColumn } from '../../core/index.ts';
import { blockLengthOf, scoreAnswers } from '../../models/index.ts';
import type { Interval, ScoredRows } from '../../models/index.ts';
import { canPersist, createPersistence } from '../../prepare/index.ts';
import { compareWithRules } from './compare-with-rules.ts';
import { featureRowsOf } from './tfjs-dataset.ts';
import type { TfjsDataset } from './tfjs-dataset.ts';
import { fitUsageThreshold } from './usage-threshold.ts';

/** Label index that each baseline gives the test rows, by its name. */
export type BaselineAnswers = Readonly<Record<string, Int8Array>>;

/** A score and what it is of. */
interface Scores {
  readonly macroF1?: number;
  readonly accuracy: number;
  readonly interval: Interval;
}

/** Scores of a model and of what it has to beat. */
export interface Measurement {
  readonly metrics: Readonly<Record<string, unknown>>;
  readonly baselines: BaselineAnswers;
}

/** The newest moment of a window has the features' own names; an older one has none that a baseline looks for. */
function newestName(column: string): string {
  const { name, age } = parseWindowColumn(column);
  return age === 0 ? name : column;
}

/** Measures answers to the test rows. @param predicted label index of each test row, in their order */
export function measure(dataset: TfjsDataset, predicted: Int8Array): Measurement {
  const [train, test] = [featureRowsOf(dataset, 'train'), featureRowsOf(dataset, 'test')];
  const expected = pick(dataset.labels, test);
  const present = [...new Set([...pick(dataset.labels, train), ...expected])].sort((a, b) => a - b);
  const order = byTime(dataset, test);
  const timestamps = Float64Array.from(order, (at) => dataset.timestamps[test[at]!]!);
  const rows: ScoredRows = {
    labels: Int8Array.from(order, (at) => expected[at]!),
    classes: present,
    blockLength: blockLengthOf(test.length, timestamps, dataset.horizonMs),
  };
  const inOrder = (given: Int8Array): Int8Array => Int8Array.from(order, (at) => given[at]!);
  const score = (given: Int8Array): Scores => ({
    ...scoreAnswers(rows, inOrder(given)),
    accuracy: accuracyOf(expected, given),
  });
  const found = answerBaselines(dataset, train, test);
  const answers = Object.fromEntries(
    Object.entries(found).flatMap(([name, given]) => (given ? [[name, given.answers]] : [])),
  ) as BaselineAnswers;
  const rules = Object.fromEntries(Object.entries(answers).map(([name, given]) => [name, inOrder(given)]));
  const { comparison, byRule } = compareWithRules(rows, inOrder(predicted), rules);
  const baseline = Object.fromEntries(
    Object.entries(found).map(([name, given]) => [
      name,
      given && { ...given.facts, ...score(given.answers), ...byRule[name] },
    ]),
  );
  const metrics = {
    ...score(predicted),
    ...describeClasses(expected, predicted),
    averagedOver: present.map((label) => hostLabels[label]),
    rows: { train: train.length, test: test.length },
    baseline,
    comparison,
  };
  return { metrics, baselines: answers };
}

/** Positions of the test rows in time order: a clock that stepped back leaves them out of it. */
export function byTime({ timestamps }: TfjsDataset, rows: Int32Array): Int32Array {
  const order = Int32Array.from(rows, (_, at) => at);
  return order.sort((a, b) => timestamps[rows[a]!]! - timestamps[rows[b]!]! || a - b);
}

interface Baseline {
  readonly facts: Readonly<Record<string, unknown>>;
  readonly answers: Int8Array;
}

function answerBaselines(
  dataset: TfjsDataset,
  train: Int32Array,
  test: Int32Array,
): Readonly<Record<'majority' | 'usageThreshold' | 'persistence', Baseline | null>> {
  const known = pick(dataset.labels, train);
  const counts = hostLabels.map((_, label) => known.filter((value) => value === label).length);
  const majority = counts.indexOf(Math.max(...counts));
  return {
    majority: {
      facts: { label: hostLabels[majority] },
      answers: new Int8Array(test.length).fill(majority),
    },
    usageThreshold: answerUsage(dataset, train, test),
    persistence: answerPersistence(dataset, test),
  };
}

function answerUsage(dataset: TfjsDataset, train: Int32Array, test: Int32Array): Baseline | null {
  const { featureNames, features, labels } = dataset;
  const column = featureNames.map(newestName).indexOf('usage_percent');
  if (column === -1) return null;
  const usageOf = (rows: Int32Array): Float32Array =>
    Float32Array.from(rows, (row) => features[row * featureNames.length + column]!);
  const { threshold, below, above } = fitUsageThreshold(usageOf(train), pick(labels, train));
  return {
    facts: { threshold, below: hostLabels[below], above: hostLabels[above] },
    answers: Int8Array.from(usageOf(test), (usage) => (usage >= threshold ? above : below)),
  };
}

function answerPersistence(dataset: TfjsDataset, test: Int32Array): Baseline | null {
  const { featureNames, features, thresholds } = dataset;
  const names = featureNames.map(newestName);
  if (!canPersist(names)) return null;
  const answer = createPersistence(names, thresholds);
  return {
    facts: { thresholds },
    answers: Int8Array.from(test, (row) => answer(features, row * names.length)),
  };
}

function describeClasses(expected: Int8Array, predicted: Int8Array): Readonly<Record<string, unknown>> {
  const matrix = hostLabels.map(() => hostLabels.map(() => 0));
  for (let row = 0; row < expected.length; row++) matrix[expected[row]!]![predicted[row]!]!++;
  const perClass = hostLabels.map((label, index) => {
    const hits = matrix[index]![index]!;
    const support = matrix[index]!.reduce((sum, count) => sum + count, 0);
    const answered = matrix.reduce((sum, row) => sum + row[index]!, 0);
    return {
      label,
      precision: hits / Math.max(1, answered),
      recall: hits / Math.max(1, support),
      f1: (2 * hits) / Math.max(1, support + answered),
      support,
    };
  });
  return { perClass, confusionMatrix: matrix };
}

function accuracyOf(expected: Int8Array, predicted: Int8Array): number {
  const hits = expected.reduce((sum, label, row) => sum + Number(label === predicted[row]), 0);
  return hits / Math.max(1, expected.length);
}

/** The values of some rows. */
export const pick = (values: ArrayLike<number>, rows: Int32Array): Int8Array =>
  Int8Array.from(rows, (row) => values[row]!);
