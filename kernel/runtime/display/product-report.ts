// A training and a model package as the product's own training report: drawn by what draws it on the live page, in the
// demo's file and in Python, by its published name, loaded when the first one is shown.
import { requireDoor } from '../importer.ts';
import type { Fact, Picture } from './product-parts.ts';
import {
  fieldsOf,
  numberOf,
  wordsOf,
  writeCount,
  writeMs,
  writePercent,
  writeScore,
} from './product-values.ts';
import type { Fields } from './product-values.ts';
import { Array, Number, Object } from '../primordials.ts';

/** What the kernel uses of `ruvector-memopt/pictures`. */
interface Door {
  readonly buildTrainingReport: (facts: Fields, extras: Fields) => string;
  readonly buildFragment: (content: string) => string;
}

/** What is shown of a model, whoever tells it. */
interface Trained {
  readonly title: string;
  /** As a manifest has them. */
  readonly facts: Fields;
  readonly classCounts: unknown;
  /** Why it is live, or not; undefined for one that only lies in the registry. */
  readonly verdict: unknown;
  readonly durations: readonly Fact[];
}

let door: Door | undefined;

/** A finished training. */
export function drawTraining(report: Fields): Picture {
  const ms = fieldsOf(report['durations']);
  const metric = wordsOf(report['metric'] ?? 'macroF1');
  const baseline = Object.entries(fieldsOf(report['baseline'])).map(([name, score]) => [
    name,
    { [metric]: score },
  ]);
  return drawTrained({
    title: titleOf(report['model'] ?? 'not stored', report['isLive']),
    facts: {
      name: report['model'] ?? 'a model that is not stored',
      task: report['task'],
      labels: report['labels'],
      features: report['features'],
      trainer: {
        estimator: report['estimator'],
        parameters: report['parameters'],
        fitSeconds: numberOf(ms['fit']) / 1000,
      },
      dataset: { rows: report['rows'] },
      metrics: { ...report, baseline: Object.fromEntries(baseline) },
    },
    classCounts: report['classCounts'],
    verdict: report['verdict'],
    durations: writeDurations(ms['stream'], ms['fit'], ms['export'], ms['fitToFirstDecision']),
  });
}

/** A model package of the registry, or the answer of a trainer. */
export function drawPackage(found: Fields): Picture {
  const manifest = fieldsOf(found['manifest']);
  const deployment = fieldsOf(found['deployment']);
  const timings = fieldsOf(found['timings']);
  const version = wordsOf(deployment['version'] ?? found['version'] ?? '');
  const reference = `${wordsOf(manifest['name'])}${version && `@${version}`}`;
  const seconds = fieldsOf(manifest['trainer'])['fitSeconds'];
  const fitMs = typeof seconds === 'number' ? seconds * 1000 : undefined;
  return drawTrained({
    title: titleOf(reference, deployment['isLive']),
    facts: { ...manifest, name: reference },
    classCounts: found['classCounts'],
    verdict: deployment['reason'],
    durations: writeDurations(timings['streamMs'], fitMs, timings['exportMs'], found['fitToFirstDecisionMs']),
  });
}

const titleOf = (reference: unknown, isLive: unknown): string =>
  `Model ${wordsOf(reference)}${isLive === true ? ' is live' : ''}`;

function drawTrained({ title, facts, classCounts, verdict, durations }: Trained): Picture {
  const scores = knownOf(fieldsOf(facts['metrics']));
  const trainer = knownOf(fieldsOf(facts['trainer']));
  const { rows } = fieldsOf(facts['dataset']);
  const [metric, name] = metricOf(scores);
  const { accuracy, interval } = scores;
  const judged: readonly Fact[] = typeof verdict === 'string' ? [['gate', verdict]] : [];
  door ??= requireDoor('pictures') as Door;
  const { buildTrainingReport, buildFragment } = door;
  const host = Object.fromEntries([['model', title], ...judged, ...durations]);
  return {
    title,
    facts: [
      ['estimator', wordsOf(trainer['estimator'])],
      ['rows', writeCount(rows)],
      ['features', writeCount(Array.isArray(facts['features']) ? facts['features'].length : undefined)],
      [name, `${writeScore(scores[metric])}${intervalOf(interval)}`],
      ...(typeof accuracy === 'number' ? [['accuracy', writePercent(accuracy)] as const] : []),
      ...factsOfComparison(scores),
      ...judged,
      ...durations,
    ],
    html: buildFragment(
      buildTrainingReport(
        { ...facts, metrics: scores, trainer },
        { classCounts: fieldsOf(classCounts), host },
      ),
    ),
  };
}

/** Fields that are known: a figure that a task does not have is NaN in a report, null in a manifest. */
const knownOf = (fields: Fields): Fields =>
  Object.fromEntries(
    Object.entries(fields).filter(
      ([, value]) =>
        value !== null && value !== undefined && !(typeof value === 'number' && Number.isNaN(value)),
    ),
  );

/** Whether it is better than the best rule: only the interval of the difference on held-out blocks may say so. */
function factsOfComparison(scores: Fields): readonly Fact[] {
  const { rule, difference, interval, better } = fieldsOf(scores['comparison']);
  if (typeof rule !== 'string' || !Array.isArray(interval)) return [];
  const claim = better === true ? 'better' : better === false ? 'worse' : 'not shown to be better';
  const [low, high] = interval.map(writeSigned);
  return [
    ['than the best rule', `${claim}: ${writeSigned(difference)} over ${rule} (95 %: ${low} to ${high})`],
  ];
}

function writeSigned(value: unknown): string {
  const text = writeScore(value).replace('-', '−');
  return numberOf(value) > 0 ? `+${text}` : text;
}

const intervalOf = (interval: unknown): string =>
  Array.isArray(interval) ? ` (95 %: ${interval.map(writeScore).join(' to ')})` : '';

/** Figures that a model may be measured by, and what they are called. */
const metrics = [
  ['averagePrecision', 'average precision'],
  ['mae', 'mean absolute error, % of memory'],
  ['macroF1', 'macro-F1'],
] as const;

/** The figure that is known; of none the last, which is then said to be unknown. */
const metricOf = (scores: Fields): (typeof metrics)[number] =>
  metrics.find(([metric]) => typeof scores[metric] === 'number') ?? metrics[2];

/** Milliseconds of the steps of a training; those that are not known are left out. */
function writeDurations(...took: readonly unknown[]): readonly Fact[] {
  const steps = ['rows streamed in', 'fitted in', 'exported to ONNX in', 'from fit to first decision'];
  return steps.flatMap((name, i) => {
    const ms = took[i];
    return typeof ms === 'number' ? [[name, writeMs(ms)] as const] : [];
  });
}
