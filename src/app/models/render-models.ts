// The registry for people: a table of all versions, and one of them in full. Machines take `--json`.
import { taskOf } from '../../models/index.ts';
import type { ModelListing, ModelPackage, ModelSummary } from '../../models/index.ts';
import { formatBytes, formatRows, formatTable } from '../terminal.ts';
import { writeFigure } from './task-texts.ts';

type Row = [string, string];

/** Names of the rules that a model has to beat, as people say them. */
const baselineNames: Readonly<Record<string, string>> = {
  majority: 'most frequent label',
  usageThreshold: 'memory usage',
  persistence: 'last seconds',
  trend: 'the trend going on',
};

const nameBaseline = (key: string): string => baselineNames[key] ?? key;

/** All versions with alias, score, the best rule beside it, date and estimator. */
export function renderModels(listings: readonly ModelListing[]): string {
  if (listings.length === 0) return 'No models yet; `ruvector-memopt train` makes one.';
  const rows = listings.flatMap(({ name, summaries, damaged }) => [
    ...summaries.map((summary) => describeSummary(name, summary)),
    ...damaged.flatMap((entry) => describeSetAside(name, entry)),
  ]);
  const table = formatTable(['model', 'alias', 'score', 'best rule', 'created (UTC)', 'estimator'], rows);
  return [table, ...listings.flatMap(describeState)].join('\n');
}

/** A package is set aside under its version and the moment. */
const SET_ASIDE = /^(\d{8}T\d{9}-[0-9a-f]{8})-\d+$/;

function describeSetAside(name: string, entry: string): string[][] {
  const version = SET_ASIDE.exec(entry)?.[1];
  return version === undefined ? [] : [[`${name}@${version}`, '', 'damaged, set aside', '', '', '']];
}

/** What is to be known of a name beside its versions. */
function describeState({ name, aliases, damaged }: ModelListing): string[] {
  const files = damaged.filter((entry) => !SET_ASIDE.test(entry));
  return [
    ...(aliases === null
      ? [`The aliases of ${name} are damaged: \`ruvector-memopt models repair\` rebuilds them.`]
      : []),
    ...(files.length === 0
      ? []
      : [`Files of ${name} that were set aside and are not used: ${files.join(', ')} in ${name}/.damaged.`]),
  ];
}

function describeSummary(name: string, summary: ModelSummary): string[] {
  const { version, created, estimator, aliases } = summary;
  if (created === null) return [`${name}@${version}`, aliases.join(', '), 'manifest damaged', '', '', ''];
  return [
    `${name}@${version}`,
    aliases.join(', '),
    renderScore(summary),
    describeBest(summary),
    formatMinute(created),
    estimator ?? '',
  ];
}

/** Of an error the smallest is best. */
function describeBest({ baselines = {}, mae }: ModelSummary): string {
  const isError = typeof mae === 'number';
  const known = Object.entries(baselines).filter((entry): entry is [string, number] => entry[1] !== null);
  const [best] = known.sort((a, b) => (isError ? a[1] - b[1] : b[1] - a[1]));
  return best === undefined ? '' : `${best[1].toFixed(3)} ${nameBaseline(best[0])}`;
}

const formatMinute = (iso: string): string => iso.slice(0, 16).replace('T', ' ');

/** A model that was never measured, such as an imported one, has no score. */
export function renderScore({
  interval,
  ...score
}: Parameters<typeof writeFigure>[0] & Pick<ModelSummary, 'interval'>): string {
  const figure = writeFigure(score);
  if (figure === undefined) return 'score unknown';
  return `${figure}${interval ? ` (${writeInterval(interval)})` : ''}`;
}

/** `0.113 to 0.225` */
export const writeInterval = ([low, high]: readonly [number, number]): string =>
  `${low.toFixed(3)} to ${high.toFixed(3)}`;

/** One version: what it is worth beside the rules, what it learned from, and what it looks at. */
export function renderModel({
  manifest,
  directory,
  aliases,
}: ModelPackage & { readonly aliases: readonly string[] }): string {
  const { metrics, trainer, features } = manifest;
  return formatRows([
    ['model', `${manifest.name}@${manifest.version}`],
    ['alias', aliases.length === 0 ? 'none' : aliases.join(', ')],
    ['created', `${formatMinute(manifest.created)} UTC`],
    ['task', taskOf(manifest)],
    ['estimator', trainer.estimator],
    ...describeParameters(trainer['parameters']),
    ['score', renderScore(metrics as unknown as ModelSummary)],
    ...describeBaselines(metrics['baseline']),
    ['parity', describeParity(manifest.parity)],
    ['learned from', describeDataset(manifest.dataset)],
    ['features', `${features.length}: ${features.map(({ name }) => name).join(', ')}`],
    ['size', `${formatBytes(manifest.model.sizeBytes)}, sha256 ${manifest.model.sha256}`],
    ['directory', directory],
  ]);
}

function describeBaselines(baselines: unknown): Row[] {
  return Object.entries((baselines ?? {}) as Record<string, ModelSummary | null>).map(([name, scores]) => [
    `rule: ${nameBaseline(name)}`,
    scores === null ? 'the features lack what it looks at' : renderScore(scores),
  ]);
}

/** Those a line can hold; of lists and tables only how much there is. */
function describeParameters(parameters: unknown): Row[] {
  const given = Object.entries((parameters ?? {}) as Record<string, unknown>).filter(
    ([, value]) => value !== null,
  );
  if (given.length === 0) return [];
  return [['parameters', given.map(([name, value]) => `${name} ${describeValue(value)}`).join(', ')]];
}

function describeValue(value: unknown): string {
  if (Array.isArray(value)) return `(${value.length} entries, see --json)`;
  if (typeof value === 'object') return '(see --json)';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function describeParity({ rows, maxAbsDiff, labelMismatches }: Readonly<Record<string, unknown>>): string {
  if (typeof rows !== 'number') return 'not measured';
  return `${rows} golden rows, largest difference ${String(maxAbsDiff)}, ${Number(labelMismatches ?? 0)} labels differ`;
}

function describeDataset(dataset: Readonly<Record<string, unknown>>): string {
  const { rows, id, rateWindowMs, horizonMs, measuredOn } = dataset;
  const parts = [
    `${typeof rows === 'number' ? rows : 'unknown'} rows of ${typeof id === 'string' ? id : 'unknown'}`,
    typeof rateWindowMs === 'number' ? `${Number((10_000 / rateWindowMs).toFixed(3))} Hz` : '',
    typeof horizonMs === 'number' ? `${horizonMs / 1000} s ahead` : '',
    typeof measuredOn === 'string' ? `measured on ${measuredOn}, trained on nothing` : '',
  ];
  return parts.filter((part) => part !== '').join(', ');
}
