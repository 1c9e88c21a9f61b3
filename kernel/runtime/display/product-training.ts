// Pictures of what is trained and of what it is trained on: reports, model packages, exports, cards, privacy.
import { factsOfComparison, renderFindings } from './product-findings.ts';
import { renderBars, renderFacts, renderFolded, renderMatrix, renderRows } from './product-parts.ts';
import type { Fact, Picture } from './product-parts.ts';
import {
  fieldsOf,
  namesOf,
  numberOf,
  recordsOf,
  wordsOf,
  writeBytes,
  writeCount,
  writeMs,
  writePercent,
  writeScore,
  writeTime,
} from './product-values.ts';
import type { Fields } from './product-values.ts';
import { Array, Math, Object, String } from '../primordials.ts';

/** What is shown of a model, whoever tells it. */
interface Trained {
  readonly title: string;
  readonly scores: Fields;
  readonly estimator: unknown;
  readonly parameters: unknown;
  readonly rows: unknown;
  readonly features: readonly Record<string, unknown>[];
  readonly labels: unknown;
  readonly classCounts: unknown;
  /** Why it is live, or not; undefined for one that only lies in the registry. */
  readonly verdict: unknown;
  readonly durations: readonly Fact[];
}

/** A finished training. */
export function drawTraining(report: Fields): Picture {
  const ms = fieldsOf(report['durations']);
  return drawTrained({
    title: `Model ${wordsOf(report['model'] ?? 'not stored')}${report['isLive'] === true ? ' is live' : ''}`,
    scores: report,
    estimator: report['estimator'],
    parameters: report['parameters'],
    rows: report['rows'],
    features: namesOf(report['features']).map((name) => ({ name })),
    labels: report['labels'],
    classCounts: report['classCounts'],
    verdict: report['verdict'],
    durations: writeDurations(ms['stream'], ms['fit'], ms['export'], ms['fitToFirstDecision']),
  });
}

/** A model package of the registry, or the answer of a trainer. */
export function drawPackage(found: Fields): Picture {
  const manifest = fieldsOf(found['manifest']);
  const trainer = fieldsOf(manifest['trainer']);
  const deployment = fieldsOf(found['deployment']);
  const timings = fieldsOf(found['timings']);
  const version = wordsOf(deployment['version'] ?? found['version'] ?? '');
  const state = deployment['isLive'] === true ? ' is live' : '';
  const seconds = trainer['fitSeconds'];
  const fitMs = typeof seconds === 'number' ? seconds * 1000 : undefined;
  return drawTrained({
    title: `Model ${wordsOf(manifest['name'])}${version && `@${version}`}${state}`,
    scores: fieldsOf(manifest['metrics']),
    estimator: trainer['estimator'],
    parameters: trainer['parameters'],
    rows: fieldsOf(manifest['dataset'])['rows'],
    features: recordsOf(manifest['features']).map(({ name, dtype }) => ({ name, dtype })),
    labels: manifest['labels'],
    classCounts: found['classCounts'],
    verdict: deployment['reason'],
    durations: writeDurations(timings['streamMs'], fitMs, timings['exportMs'], found['fitToFirstDecisionMs']),
  });
}

function drawTrained({ title, scores, features, classCounts, verdict, ...model }: Trained): Picture {
  const { interval, accuracy, baseline, confusionMatrix } = scores;
  const [metric, name] = metricOf(scores);
  const compared = { 'this model': scores[metric], ...baselineScores(baseline, metric) };
  return {
    title,
    facts: [
      ['estimator', wordsOf(model.estimator)],
      ['rows', writeCount(model.rows)],
      ['features', writeCount(features.length)],
      [name, `${writeScore(scores[metric])}${intervalOf(interval)}`],
      ...(typeof accuracy === 'number' && accuracy >= 0
        ? [['accuracy', writePercent(accuracy)] as const]
        : []),
      ...factsOfComparison(scores),
      ...(typeof verdict === 'string' ? [['gate', verdict] as const] : []),
      ...model.durations,
    ],
    parts: [
      renderBars(
        `${name[0]!.toUpperCase()}${name.slice(1)}, beside what a model has to beat`,
        compared,
        writeScore,
      ),
      Array.isArray(confusionMatrix) && confusionMatrix.length > 0
        ? renderMatrix(confusionMatrix as number[][], namesOf(model.labels))
        : '',
      ...renderFindings(scores),
      renderBars('Rows by label', fieldsOf(classCounts)),
      renderFolded('Parameters', renderFacts(Object.entries(fieldsOf(model.parameters)))),
      renderFolded('Features', renderRows('', Object.keys(features[0] ?? {}), features)),
    ],
  };
}

function intervalOf(interval: unknown): string {
  if (!Array.isArray(interval)) return '';
  return ` (95 %: ${interval.map(writeScore).join(' to ')})`;
}

/** Figures that a model may be measured by, and what they are called. */
const metrics = [
  ['averagePrecision', 'average precision'],
  ['mae', 'mean absolute error, % of memory'],
  ['macroF1', 'macro-F1'],
] as const;

/** The figure that is known; of none the last, which is then said to be unknown. */
const metricOf = (scores: Fields): (typeof metrics)[number] =>
  metrics.find(([metric]) => typeof scores[metric] === 'number') ?? metrics[2];

/** A baseline is a score, or metrics that hold one. */
function baselineScores(baseline: unknown, metric: string): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fieldsOf(baseline)).map(([name, held]) => [
      name,
      typeof held === 'number' ? held : fieldsOf(held)[metric],
    ]),
  );
}

/** Milliseconds of the steps of a training; those that are not known are left out. */
function writeDurations(...took: readonly unknown[]): readonly Fact[] {
  const steps = ['rows streamed in', 'fitted in', 'exported to ONNX in', 'from fit to first decision'];
  return steps.flatMap((name, i) => {
    const ms = took[i];
    return typeof ms === 'number' ? [[name, writeMs(ms)] as const] : [];
  });
}

/** Files that an export wrote. */
export function drawExport(stats: Fields): Picture {
  const tables = Object.entries(fieldsOf(stats['tables'])).map(([name, held]) => ({
    name,
    ...fieldsOf(held),
  }));
  const privacy = Object.values(fieldsOf(stats['privacy'])).map((held) => drawPrivacy(fieldsOf(held)));
  const problems = Array.isArray(stats['problems']) ? stats['problems'] : [];
  return {
    title: stats['datasetId'] === undefined ? 'Export' : `Training set ${wordsOf(stats['datasetId'])}`,
    facts: [
      ['rows', writeCount(stats['rows'])],
      ['size', writeBytes(stats['bytes'])],
      ['time', writeMs(stats['ms'])],
      ['rows a second', writeCount(Math.round(numberOf(stats['rowsPerSecond'])))],
      ...(stats['resumedRows']
        ? [['rows of an earlier run', writeCount(stats['resumedRows'])] as const]
        : []),
      ...problems.map((problem) => ['problem', problem] as const),
    ],
    parts: [
      renderRows('Files', ['name', 'rows', 'path'], tables),
      renderBars('Rows by split', fieldsOf(stats['splits'])),
      renderBars('Weight of each label', fieldsOf(stats['classWeights'])),
      ...privacy.map(({ title, facts, parts = [] }) =>
        renderFolded(title, [renderFacts(facts), ...parts].join('')),
      ),
    ],
  };
}

/** The card of a training set. */
export function drawCard(card: Fields): Picture {
  const splits = Object.entries(fieldsOf(card['classCounts']));
  const files = recordsOf(card['files']).map(({ split, path, rows, bytes }) => ({
    split,
    path,
    rows: writeCount(rows),
    size: writeBytes(bytes),
  }));
  return {
    title: `Training set ${wordsOf(card['id'])}`,
    facts: [
      ['rows', writeCount(card['rows'])],
      ['from', writeTime(card['fromMs'])],
      ['to', writeTime(card['toMs'])],
      ['labels look ahead', writeMs(card['horizonMs'])],
      ['balance', wordsOf(fieldsOf(card['balance'])['how'])],
      ['sha256', wordsOf(card['sha256'])],
    ],
    parts: [
      ...splits.map(([split, counts]) => renderBars(`Rows of ${split} by label`, fieldsOf(counts))),
      renderRows('Files', ['split', 'path', 'rows', 'size'], files),
      renderRows('Labels', ['label', 'signal', 'reached', 'threshold', 'and'], labelRules(card)),
      renderFolded(
        'Features',
        renderRows('', ['name', 'unit', 'how', 'whenMissing'], recordsOf(card['features'])),
      ),
    ],
  };
}

/** The rules with their second condition, where one has it, as words. */
function labelRules(card: Fields): Record<string, unknown>[] {
  return recordsOf(card['labelRules']).map(({ and, ...rule }) => {
    if (and === undefined) return rule;
    const { signal, reached, threshold } = fieldsOf(and);
    return { ...rule, and: `${wordsOf(signal)} ${wordsOf(reached)} ${String(threshold)}` };
  });
}

/** How a table was made private, and what that does not protect. */
export function drawPrivacy(report: Fields): Picture {
  const k = fieldsOf(report['k']);
  const { released, generalized, suppressed } = fieldsOf(report['rows']);
  const notProtected = Array.isArray(report['notProtected']) ? report['notProtected'] : [];
  return {
    title: `Privacy of ${wordsOf(report['table'])}`,
    facts: [
      ['method', wordsOf(report['method'])],
      ['k asked', writeCount(k['asked'])],
      ['k reached', writeCount(k['reached'])],
      ['groups', writeCount(report['groups'])],
    ],
    parts: [
      renderBars('Rows', { released, generalized, suppressed }),
      renderFolded(
        'Columns',
        renderRows('', ['name', 'released', 'role', 'method'], recordsOf(report['columns'])),
      ),
      renderRows(
        'Not protected',
        ['what'],
        notProtected.map((what) => ({ what })),
      ),
    ],
  };
}
