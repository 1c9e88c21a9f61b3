// The product's own results as pictures and tables: training reports, decisions, dataset cards, exports,
// privacy reports. Known by their shape: the kernel imports nothing of the product for this.
import { cellText, escapeHtml, formatCount } from './html-text.ts';
import { dataOf, isRecord } from './inspect-property.ts';
import { renderBars, renderFacts, renderMatrix, renderRows } from './product-parts.ts';

type Json = Record<string, unknown>;

const labels = ['normal', 'elevated', 'high', 'critical'];
const number = (value: unknown): number => (typeof value === 'number' ? value : Number.NaN);
const text = (value: unknown): string => (typeof value === 'string' ? value : cellText(value ?? '-'));
const record = (value: unknown): Json => (isRecord(value) ? value : {});
const rows = (value: unknown): readonly Json[] => (Array.isArray(value) ? value.filter(isRecord) : []);
const count = (value: unknown): string => (typeof value === 'number' ? formatCount(value) : text(value));
const percent = (value: unknown): string => `${(number(value) * 100).toFixed(1)} %`;

const shows: readonly (readonly [fields: readonly string[], render: (value: Json) => string])[] = [
  [['manifest', 'classCounts', 'timings'], renderTraining],
  [['label', 'source', 'reason', 'refusals', 'latency'], renderDecision],
  [['classCounts', 'labelRules', 'featureSpecSha256'], renderCard],
  [['rows', 'bytes', 'rowsPerSecond', 'tables'], renderExport],
  [['method', 'k', 'columns', 'notProtected'], renderPrivacy],
];

/** Data of a result of the product; null for anything else. */
export function showProduct(value: object): Json | null {
  const found = shows.find(([fields]) => fields.every((field) => dataOf(value, field) !== undefined));
  return found ? { 'text/html': found[1](value as Json) } : null;
}

function renderTraining(report: Json): string {
  const manifest = record(report['manifest']);
  const metrics = record(manifest['metrics']);
  const timings = record(report['timings']);
  const deployment = record(report['deployment']);
  const baselines = Object.entries(record(metrics['baseline'])).map(([name, score]) => [
    `baseline ${name}`,
    typeof score === 'number' ? score.toFixed(3) : number(record(score)['macroF1']).toFixed(3),
  ]);
  return [
    `<h4>Model ${escapeHtml(text(manifest['name']))} ${escapeHtml(text(deployment['version'] ?? ''))}</h4>`,
    renderFacts([
      ['estimator', text(record(manifest['trainer'])['estimator'])],
      ['rows', count(record(manifest['dataset'])['rows'])],
      ['macro F1', number(metrics['macroF1']).toFixed(3)],
      ['accuracy', percent(metrics['accuracy'])],
      ...baselines.filter(([, score]) => score !== 'NaN'),
      ['fit', `${count(timings['fitMs'])} ms`],
      ['fit to first decision', milliseconds(report['fitToFirstDecisionMs'])],
    ]),
    Array.isArray(metrics['confusionMatrix'])
      ? renderMatrix(metrics['confusionMatrix'] as number[][], labels)
      : '',
    renderBars(record(report['classCounts']), 'Rows by label'),
  ].join('');
}

const milliseconds = (value: unknown): string =>
  typeof value === 'number' ? `${formatCount(value)} ms` : '-';

function renderDecision(decision: Json): string {
  const action = record(decision['action']);
  const probabilities = decision['probabilities'];
  const shares = ArrayBuffer.isView(probabilities)
    ? Object.fromEntries([...(probabilities as Float32Array)].map((share, at) => [labels[at] ?? at, share]))
    : {};
  return [
    `<h4>Decision: ${escapeHtml(text(decision['label']))} (${escapeHtml(text(decision['mode']))})</h4>`,
    `<p>${escapeHtml(text(decision['reason']))}</p>`,
    renderFacts([
      ['by', `${text(decision['source'])} ${text(decision['modelVersion'] ?? '')}`],
      ['budget', `${count(decision['budgetBytes'])} bytes`],
      ['advised', action['advisedBytes'] === undefined ? '-' : `${count(action['advisedBytes'])} bytes`],
      ['decided in', `${count(record(decision['latency'])['decisionUs'])} µs`],
    ]),
    renderBars(shares, 'Probabilities'),
    renderRows('Plan', ['target', 'actuator', 'budgetBytes', 'regions', 'bytes'], rows(decision['plan'])),
    renderRows('Refused', ['rule', 'target', 'reason'], rows(decision['refusals'])),
  ].join('');
}

function renderCard(card: Json): string {
  const counts = record(card['classCounts']);
  return [
    `<h4>Training set ${escapeHtml(text(card['id']))}</h4>`,
    renderFacts([
      ['rows', count(card['rows'])],
      ['from', time(card['fromMs'])],
      ['to', time(card['toMs'])],
      ['horizon', `${count(card['horizonMs'])} ms`],
      ['balance', text(record(card['balance'])['how'])],
      ['sha256', text(card['sha256'])],
    ]),
    ...Object.entries(counts).map(([split, held]) => renderBars(record(held), `Rows of ${split} by label`)),
    renderRows('Labels', ['label', 'signal', 'reached', 'threshold'], rows(card['labelRules'])),
    renderRows('Features', ['name', 'unit', 'how', 'whenMissing'], rows(card['features'])),
  ].join('');
}

const time = (value: unknown): string =>
  typeof value === 'number' ? new Date(value).toISOString() : text(value);

function renderExport(stats: Json): string {
  const tables = Object.entries(record(stats['tables'])).map(([name, held]) => ({ name, ...record(held) }));
  return [
    `<h4>Export of ${count(stats['rows'])} rows</h4>`,
    renderFacts([
      ['bytes', count(stats['bytes'])],
      ['time', `${count(stats['ms'])} ms`],
      ['rows a second', count(Math.round(number(stats['rowsPerSecond'])))],
      ['resumed rows', count(stats['resumedRows'])],
    ]),
    renderRows('Tables', ['name', 'rows', 'path'], tables),
  ].join('');
}

function renderPrivacy(report: Json): string {
  const k = record(report['k']);
  const released = record(report['rows']);
  const notProtected = report['notProtected'] as readonly unknown[];
  return [
    `<h4>Privacy of ${escapeHtml(text(report['table']))}</h4>`,
    renderFacts([
      ['method', text(report['method'])],
      ['k asked', count(k['asked'])],
      ['k reached', count(k['reached'])],
      ['groups', count(report['groups'])],
    ]),
    renderBars({ released: released['released'], suppressed: released['suppressed'] }, 'Rows'),
    renderRows('Columns', ['name', 'released', 'role', 'method'], rows(report['columns'])),
    `<p><b>Not protected</b></p><ul>${notProtected.map((line) => `<li>${escapeHtml(text(line))}</li>`).join('')}</ul>`,
  ].join('');
}
