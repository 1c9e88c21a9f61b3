// Pictures of what is trained and of what it is trained on: reports, model packages, exports, cards, privacy.
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

/** A finished training, or a model package of the registry. */
export function drawTraining(report: Fields): Picture {
  const manifest = fieldsOf(report['manifest']);
  const metrics = fieldsOf(manifest['metrics']);
  const trainer = fieldsOf(manifest['trainer']);
  const deployment = fieldsOf(report['deployment']);
  const version = wordsOf(deployment['version'] ?? report['version'] ?? '');
  const state = deployment['isLive'] === true ? ' is live' : '';
  const scores = { 'this model': metrics['macroF1'], ...baselineScores(metrics['baseline']) };
  return {
    title: `Model ${wordsOf(manifest['name'])}${version && `@${version}`}${state}`,
    facts: [
      ['estimator', wordsOf(trainer['estimator'])],
      ['rows', writeCount(fieldsOf(manifest['dataset'])['rows'])],
      ['features', writeCount(recordsOf(manifest['features']).length)],
      ['macro-F1', `${writeScore(metrics['macroF1'])}${intervalOf(metrics['interval'])}`],
      ['accuracy', writePercent(metrics['accuracy'])],
      ...(typeof deployment['reason'] === 'string' ? [['gate', deployment['reason']] as const] : []),
      ...durations(report, trainer),
    ],
    parts: [
      renderBars('Macro-F1, beside what a model has to beat', scores, writeScore),
      Array.isArray(metrics['confusionMatrix'])
        ? renderMatrix(metrics['confusionMatrix'] as number[][], namesOf(manifest['labels']))
        : '',
      renderBars('Rows by label', fieldsOf(report['classCounts'])),
      renderFolded('Parameters', renderFacts(Object.entries(fieldsOf(trainer['parameters'])))),
      renderFolded('Features', renderRows('', ['name', 'dtype'], recordsOf(manifest['features']))),
    ],
  };
}

function intervalOf(interval: unknown): string {
  if (!Array.isArray(interval)) return '';
  return ` (95 %: ${interval.map(writeScore).join(' to ')})`;
}

/** A baseline is a score, or metrics that hold one. */
function baselineScores(baseline: unknown): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fieldsOf(baseline)).map(([name, held]) => [
      name,
      typeof held === 'number' ? held : fieldsOf(held)['macroF1'],
    ]),
  );
}

/** Of a report, or of the answer of a trainer. */
function durations(report: Fields, trainer: Fields): readonly Fact[] {
  const ms = fieldsOf(report['durations']);
  const timings = fieldsOf(report['timings']);
  const seconds = trainer['fitSeconds'];
  const steps: readonly Fact[] = [
    ['rows streamed in', ms['stream'] ?? timings['streamMs']],
    ['fitted in', typeof seconds === 'number' ? seconds * 1000 : undefined],
    ['exported to ONNX in', ms['export'] ?? timings['exportMs']],
    ['from fit to first decision', ms['fitToFirstDecision'] ?? report['fitToFirstDecisionMs']],
  ];
  return steps.flatMap(([name, took]) => (typeof took === 'number' ? [[name, writeMs(took)] as const] : []));
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
