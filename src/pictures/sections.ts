// Sections of a training report out of the facts of a model; one that has nothing to show is empty text.
import {
  drawCurves,
  drawForecast,
  drawHistogram,
  drawImportance,
  drawIntervals,
  drawPrecisionRecall,
  drawReliability,
} from './plots.ts';
import type {
  CalibrationFacts,
  DetectionFacts,
  ForecastFacts,
  ImportanceFacts,
  MetricFacts,
  ReportFacts,
  ScoreFacts,
  StepFacts,
} from './report-facts.ts';
import { factsTable, folded, matrixTable, rowsTable } from './tables.ts';
import { escapeText, figure, intervalText, nameOfRule, signedFigure, whole } from './text.ts';

type ScoreKey = 'macroF1' | 'averagePrecision' | 'mae';

/** Key and name of the score that decides, by task. */
const scores: Readonly<Record<string, readonly [ScoreKey, string]>> = {
  classification: ['macroF1', 'macro-F1'],
  anomaly: ['averagePrecision', 'average precision'],
  forecast: ['mae', 'mean absolute error'],
};
const SHOWN_FEATURES = 12;
const SHOWN_STEPS = 40;

/** What the held-out rows say of a model, whichever task it has. */
export function modelSections({ metrics, task = 'classification', labels = [] }: ReportFacts): string[] {
  const names = task === 'classification' ? labels : ['normal', 'anomalous'];
  return [
    drawScores(metrics, task),
    metrics.confusionMatrix?.length
      ? card('Confusion matrix', '', matrixTable(metrics.confusionMatrix, names))
      : '',
    drawCalibration(metrics.calibration),
    drawDetection(metrics.detection),
    drawForecasts(metrics.forecast),
    drawLosses(metrics.importance, scoreOf(task)[1]),
  ];
}

const scoreOf = (task: string): readonly [ScoreKey, string] => scores[task] ?? scores['classification']!;

function card(title: string, note: string, content: string): string {
  const told = note === '' ? '' : `<p>${escapeText(note)}</p>`;
  return `<section class="rv-card"><h2>${escapeText(title)}</h2>${told}${content}</section>`;
}

/** Across all columns; nothing for no content. */
export const wideCard = (content: string): string =>
  content && `<section class="rv-card rv-wide">${content}</section>`;

/** What became of it where it runs; nothing where nobody says. */
export const hostSection = (facts: Readonly<Record<string, string>>): string =>
  Object.keys(facts).length === 0 ? '' : card('On this host', '', factsTable('What became of it', facts));

const isScored = (held: unknown, key: ScoreKey): held is ScoreFacts =>
  typeof held === 'object' && held !== null && typeof (held as ScoreFacts)[key] === 'number';

function drawScores(metrics: MetricFacts, task: string): string {
  const [key, name] = scoreOf(task);
  if (!isScored(metrics, key)) {
    const told = 'The held-out rows are all of one kind and cannot tell; collect for longer.';
    return card('Scores', told, '');
  }
  const sign = task === 'forecast' ? 1 : -1;
  const rules = Object.entries(metrics.baseline ?? {})
    .flatMap(([rule, held]) => (isScored(held, key) ? [[nameOfRule(rule), held] as const] : []))
    .sort(([, a], [, b]) => sign * (a[key]! - b[key]!));
  const shown: (readonly [string, ScoreFacts])[] = [['this model', metrics], ...rules];
  const small = (text: string): string => `<small>${text}</small>`;
  const rows = shown.map(([who, held]) => [
    escapeText(who),
    figure(held[key]) + small(intervalText(held.interval)),
    held === metrics
      ? ''
      : signedFigure(held.difference) + small(intervalText(held.differenceInterval, true)),
  ]);
  const tested = metrics.rows?.test;
  return card(
    tested === undefined ? 'Scores on held-out rows' : `Scores on ${whole(tested)} held-out rows`,
    'Intervals are 95 %, drawn in blocks of time. The difference is drawn on the same blocks; above zero favours the model.',
    drawIntervals(
      name,
      shown.map(([who, held]) => [who, held[key]!, held.interval ?? null] as const),
    ) +
      rowsTable(
        `${name} of the model and of each rule`,
        ['by', name, task === 'forecast' ? 'rule − model' : 'model − rule'],
        rows,
        0,
      ) +
      factsTable('Further scores', {
        accuracy: metrics.accuracy,
        'precision where it says anomalous': metrics.precision,
        'anomalous rows that it finds': metrics.recall,
        'area under the ROC curve': metrics.rocAuc,
        'root mean squared error': metrics.rmse,
      }) +
      drawLabels(metrics),
  );
}

function drawLabels({ perClass = [] }: MetricFacts): string {
  const rows = perClass.map(({ label, precision, recall, f1, support }) => [
    escapeText(label),
    ...[precision, recall, f1].map(figure),
    whole(support),
  ]);
  const heads = ['label', 'precision', 'recall', 'F1', 'rows'];
  return rows.length === 0 ? '' : folded('Each label', rowsTable('Scores of each label', heads, rows));
}

function drawCalibration(calibration: CalibrationFacts | null | undefined): string {
  const bins = calibration?.bins.filter(({ rows }) => rows > 0) ?? [];
  if (!calibration || bins.length === 0) return '';
  const rows = bins.map(({ low, high, rows: held, confidence, accuracy }) => [
    `${figure(low)} to ${figure(high)}`,
    whole(held),
    figure(confidence),
    figure(accuracy),
  ]);
  const heads = ['stated probability', 'rows', 'on average', 'right'];
  const note =
    'How often the most probable label came, against the probability the model gave it. ' +
    `Expected calibration error (ECE): ${figure(calibration.ece)}.`;
  const table = folded('As a table', rowsTable('Bins of stated probability', heads, rows));
  return card('Calibration', note, drawReliability(calibration) + table);
}

function drawLosses(importance: ImportanceFacts | null | undefined, score: string): string {
  if (!importance || importance.features.length === 0) return '';
  const { features } = importance;
  const rows = features.map(({ feature, drop, interval }) => [
    escapeText(feature),
    signedFigure(drop),
    intervalText(interval, true),
  ]);
  const note =
    `How much worse ${score} gets on ${whole(importance.rows)} held-out rows when the blocks of one ` +
    'feature are shuffled; features that say the same share what they are worth.';
  const table = folded(
    `All ${features.length} as a table`,
    rowsTable('Permutation importance', ['feature', 'loss', '95 % interval'], rows),
  );
  return card('Feature importance', note, drawImportance(features.slice(0, SHOWN_FEATURES), score) + table);
}

function drawDetection(detection: DetectionFacts | null | undefined): string {
  if (!detection) return '';
  const { edges, normal, anomalous } = detection.scores;
  const histogram = drawHistogram('Scores of held-out rows', 'score', edges, { normal, anomalous });
  const note = 'A row is called anomalous from a score on; each point of the curve is one such score.';
  return card('Detection', note, drawPrecisionRecall(detection) + histogram);
}

function drawForecasts(forecast: ForecastFacts | null | undefined): string {
  if (!forecast) return '';
  const { edges, rows } = forecast.errors;
  const histogram = drawHistogram('Errors of held-out rows', 'predicted − actual, points', edges, { rows });
  const note = 'In percent of all memory: what came one horizon later, and what was foreseen for it.';
  return card('Forecast', note, drawForecast(forecast.newest) + histogram);
}

const figuresOf = ({ loss, metrics }: StepFacts): Record<string, unknown> => ({ loss, ...metrics });

/** Loss and metrics over the steps that the estimator reported. */
export function stepsSection(steps: readonly StepFacts[]): string {
  const series: Record<string, [number, number][]> = {};
  for (const each of steps)
    for (const [name, value] of Object.entries(figuresOf(each)))
      if (typeof value === 'number') (series[name] ??= []).push([each.step, value]);
  const drawable = Object.entries(series).filter(([, held]) => held.length > 1);
  const pictures = [true, false].map((isLoss) => {
    const of = drawable.filter(([name]) => name.includes('loss') === isLoss);
    return of.length === 0 ? '' : drawCurves(isLoss ? 'loss' : 'metric', Object.fromEntries(of));
  });
  if (drawable.length === 0) return '';
  const stride = Math.ceil(steps.length / SHOWN_STEPS);
  const names = drawable.map(([name]) => name);
  const rows = steps
    .filter((_, at) => at % stride === 0)
    .map((each) => [
      whole(each.step),
      ...names.map((name) => figure(figuresOf(each)[name] as number | undefined)),
    ]);
  const table = folded('As a table', rowsTable('Figures by step', ['step', ...names], rows));
  return card('Learning curve', '', pictures.join('') + table);
}

const countOf = (value: number | undefined): string | undefined =>
  value === undefined ? undefined : whole(value);

/** Names of features, which a manifest has with their types. */
function listOf(features: readonly unknown[]): string {
  const names = features.map((each) =>
    typeof each === 'object' && each !== null ? (each as { readonly name?: unknown }).name : each,
  );
  return names.length === 0 ? '' : `<p>${escapeText(names.join(', '))}</p>`;
}

/** What it was trained on, and how. */
export function dataSection(facts: ReportFacts, classCounts: Readonly<Record<string, number>>): string {
  const { dataset, trainer = {}, metrics, features, versions = {} } = facts;
  if (dataset === undefined) return '';
  const counts = Object.entries(classCounts).map(([name, count]) => [escapeText(name), whole(count)]);
  const rows = rowsTable('Of all splits', ['label', 'rows'], counts);
  return card(
    'Data',
    '',
    factsTable('What it was trained on', {
      'data set': dataset.id,
      sha256: dataset.sha256,
      rows: countOf(dataset.rows),
      'trained on': countOf(metrics.rows?.train),
      'held out': countOf(metrics.rows?.test),
      'labels look ahead': dataset.horizonMs ? `${dataset.horizonMs / 1000} s` : undefined,
      features: countOf(features?.length),
      'feature specification': dataset.featureSpecSha256,
      'weights of rows': trainer.sampleWeight ?? 'all alike',
      'fitted in': trainer.fitSeconds === undefined ? undefined : `${trainer.fitSeconds.toPrecision(3)} s`,
    }) +
      (counts.length > 0 ? folded('Rows of each label', rows) : '') +
      folded('Features', listOf(features ?? [])) +
      folded('Parameters', factsTable('Of the estimator', trainer.parameters ?? {})) +
      folded('Versions', factsTable('Of the packages', versions)),
  );
}

/** A row of a search: its name, its score and what it costs, as text. */
export interface LeaderboardCells {
  readonly name: string;
  readonly parameters: string;
  readonly score: string;
  readonly interval: string;
  /** Seconds of a fit, microseconds of a decision, KiB. */
  readonly costs: readonly string[];
}

/** The table of a search. @param note what its scores may be taken for */
export function leaderboardSection(score: string, rows: readonly LeaderboardCells[], note: string): string {
  const cells = rows.map(({ name, parameters, score: reached, interval, costs }) => [
    `${escapeText(name)}<small>${escapeText(parameters)}</small>`,
    `${escapeText(reached)}<small>${escapeText(interval)}</small>`,
    ...costs.map(escapeText),
  ]);
  const caption = 'Leaderboard: score over the folds, seconds of a fit, microseconds of a decision, size';
  const heads = ['model', score, 'fit s', 'µs', 'KiB'];
  return `<h2>Search</h2><p>${escapeText(note)}</p>${rowsTable(caption, heads, cells)}`;
}

/** How near the ONNX model is to the fitted one; why there is none, where there is none. */
export function paritySection({ parity, model, notExported }: ReportFacts): string {
  if (!parity || !model) return notExported === undefined ? '' : card('ONNX', notExported, '');
  const opset = Object.entries(model.opset ?? {}).map(([name, number]) => `${name || 'ai.onnx'} ${number}`);
  return card(
    'ONNX',
    'The exported model answers like the fitted one; the host proves it again.',
    factsTable('The model file against the framework', {
      'rows compared': countOf(parity.rows),
      'largest difference': parity.maxAbsDiff.toExponential(1),
      'labels that differ': parity.labelMismatches,
      tolerance: parity.tolerance?.toExponential(0),
      size: `${whole(model.sizeBytes / 1024)} KiB`,
      opset: opset.length > 0 ? opset.join(', ') : undefined,
      sha256: model.sha256,
    }),
  );
}
