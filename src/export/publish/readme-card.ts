// README.md: the dataset card of the Hugging Face Hub, its YAML and its prose.
// https://github.com/huggingface/hub-docs/blob/main/datasetcard.md
import { stringify } from 'yaml';
import type { FieldType } from '../../core/index.ts';
import { majorityBaseline } from './baseline.ts';
import { buildCitation, limitations } from './croissant.ts';
import type { DatasetFacts, PublishColumn, WrittenTable } from './publish-contract.ts';

/** Renders the card. */
export function renderReadme(facts: DatasetFacts): string {
  const yaml = stringify(buildFrontMatter(facts), { lineWidth: 0 });
  const sections = [
    `# ${facts.title}`,
    ...describeWhat(facts),
    ...facts.tables.flatMap(describeTable),
    ...describeLabels(facts),
    ...describeSplits(facts),
    ...describeUse(facts),
    ...describeEnd(facts),
  ];
  return `---\n${yaml}---\n\n${sections.join('\n\n')}\n`;
}

/** The YAML of the card. */
export function buildFrontMatter(facts: DatasetFacts): object {
  return {
    ...hubLicense(facts),
    pretty_name: facts.title,
    language_creators: ['machine-generated'],
    annotations_creators: ['machine-generated'],
    task_categories: ['tabular-classification', 'time-series-forecasting'],
    tags: ['memory', 'telemetry', 'linux', 'psi', 'croissant'],
    size_categories: [sizeCategory(facts.tables)],
    configs: facts.tables.map((table) => ({
      config_name: configName(table),
      ...(table.name === 'training' && { default: true }),
      data_files: table.splits.map(({ name, files }) => ({
        split: name,
        path: `${folderOf(files[0]!.path)}/${name}-*.parquet`,
      })),
    })),
    dataset_info: facts.tables.map(describeInfo),
  };
}

const configName = (table: WrittenTable): string => (table.name === 'training' ? 'default' : table.name);
const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/'));

function describeInfo(table: WrittenTable): object {
  const splits = table.splits.map(({ name, rows, valueBytes }) => ({
    name,
    num_bytes: valueBytes,
    num_examples: rows,
  }));
  const files = table.splits.flatMap((split) => split.files);
  return {
    config_name: configName(table),
    features: table.columns.map(describeFeature),
    splits,
    download_size: files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    dataset_size: splits.reduce((sum, split) => sum + split.num_bytes, 0),
  };
}

function describeFeature({ name, type, classNames }: PublishColumn): object {
  if (!classNames) return { name, dtype: dtypes[type] };
  const names = Object.fromEntries(classNames.map((className, index) => [String(index), className]));
  return { name, dtype: { class_label: { names } } };
}

const dtypes: Readonly<Record<FieldType, string>> = {
  timestamp: 'timestamp[ms, tz=UTC]',
  int64: 'int64',
  uint64: 'uint64',
  int32: 'int32',
  int8: 'int8',
  float32: 'float32',
  float64: 'float64',
  bool: 'bool',
  utf8: 'string',
};

/** Identifiers the Hub knows are SPDX in lower case; others are "other" with a name. */
function hubLicense({ license }: DatasetFacts): object {
  const id = license.id.toLowerCase();
  if (hubLicenses.has(id)) return { license: id };
  return { license: 'other', license_name: id, license_link: 'LICENSE' };
}

const hubLicenses = new Set(
  'cc0-1.0 cc-by-2.0 cc-by-3.0 cc-by-4.0 cc-by-sa-3.0 cc-by-sa-4.0 cc-by-nc-4.0 cc-by-nc-sa-4.0 cc-by-nd-4.0 pddl odc-by odbl-1.0 cdla-permissive-1.0 cdla-permissive-2.0 cdla-sharing-1.0 apache-2.0 mit unlicense'.split(
    ' ',
  ),
);

const sizes: readonly (readonly [number, string])[] = [
  [1e3, 'n<1K'],
  [1e4, '1K<n<10K'],
  [1e5, '10K<n<100K'],
  [1e6, '100K<n<1M'],
  [1e7, '1M<n<10M'],
  [1e8, '10M<n<100M'],
  [1e9, '100M<n<1B'],
];

function sizeCategory(tables: readonly WrittenTable[]): string {
  const rows = tables.flatMap(({ splits }) => splits).reduce((sum, split) => sum + split.rows, 0);
  return sizes.find(([limit]) => rows < limit)?.[1] ?? '1B<n<10B';
}

function describeWhat({ source, hostClass, tables }: DatasetFacts): string[] {
  const { card } = source;
  const minutes = (source.toMs - source.fromMs) / 60_000;
  const precision = source.privacy.timePrecisionMs;
  const span =
    precision > 1
      ? `between ${isoHour(source.fromMs)} and ${isoHour(source.toMs + precision)}`
      : `from ${new Date(source.fromMs).toISOString()} to ${new Date(source.toMs).toISOString()} (${minutes.toFixed(0)} minutes)`;
  return [
    tables[0]!.description,
    '## How it was collected',
    `One host (${hostClass}) was sampled ${span} by \`ruvector-memopt\` from \`/proc/meminfo\`, \`/proc/vmstat\`, ` +
      '`/proc/pressure` and its memory cgroup. ' +
      `Rates look back ${card.featureSpec.rateWindowMs / 1000} s, trends ${card.featureSpec.trendWindowMs / 1000} s; ` +
      `a pause longer than ${card.featureSpec.maxGapMs / 1000} s starts them afresh. ` +
      `Feature specification \`${card.featureSpecSha256.slice(0, 16)}\`, training set \`${card.id}\`.`,
    ...(card.notes.length > 0 ? [card.notes.map((note) => `- ${note}`).join('\n')] : []),
  ];
}

const isoHour = (ms: number): string => `${new Date(ms).toISOString().slice(0, 13)}:00Z`;

function describeTable(table: WrittenTable): string[] {
  const rows = table.columns.map(({ name, type, unit, source, nullable }) => {
    const cells = [`\`${name}\``, type, unit, source + (nullable ? '; null where the host lacks it' : '')];
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  });
  return [
    table.name === 'training' ? '## Columns' : `## Columns of \`${table.name}\``,
    ...(table.name === 'training' ? [] : [table.description]),
    ['| column | type | unit | source |', '| --- | --- | --- | --- |', ...rows].join('\n'),
  ];
}

function describeLabels({ source: { card } }: DatasetFacts): string[] {
  const rows = card.labelRules.map(
    ({ label, signal, reached, threshold, and, source }) =>
      `| \`${label}\` | ${signal} ${reached} ${threshold}${and ? ` and ${and.signal} ${and.reached} ${and.threshold}` : ''} | ${source} |`,
  );
  return [
    '## Labels',
    `A label says what did happen in the ${card.horizonMs / 1000} s after a row; the most severe rule that was reached wins, ` +
      'and `NoActionNeeded` is none of them. A counter the host lacks reaches no threshold.',
    ['| label | when, over the horizon | source |', '| --- | --- | --- |', ...rows].join('\n'),
  ];
}

function describeSplits({ source: { card }, tables }: DatasetFacts): string[] {
  const training = tables[0]!;
  const names = Object.keys(training.splits[0]?.classCounts ?? {});
  const rows = training.splits.map(
    ({ name, rows: count, classCounts }) =>
      `| ${name} | ${count} | ${names.map((label) => classCounts[label]).join(' | ')} |`,
  );
  const baseline = majorityBaseline(training.splits);
  // A card written before there was this baseline has none.
  const persistence = card.baseline?.persistence;
  return [
    '## Splits',
    `Split ${card.split.how}. ${(card.split.testFraction * 100).toFixed(0)} % of each of ${card.split.blocks} ` +
      `block${card.split.blocks > 1 ? 's' : ''} is tested on; the rows within ${card.split.gapMs / 1000} s of a test row are in neither part.`,
    [
      `| split | rows | ${names.join(' | ')} |`,
      `| --- | --- |${' --- |'.repeat(names.length)}`,
      ...rows,
    ].join('\n'),
    ...(baseline
      ? [
          `**Baseline.** Always answering \`${baseline.label}\`, the most frequent class of \`train\`, has accuracy ` +
            `${baseline.accuracy.toFixed(3)} and macro-F1 ${baseline.macroF1.toFixed(3)} on \`test\` (over the classes that occur in either).`,
        ]
      : []),
    ...(persistence
      ? [
          `**Persistence.** The thresholds of the labels, applied to the last seconds of each row, have accuracy ` +
            `${persistence.accuracy.toFixed(3)} and macro-F1 ${persistence.macroF1.toFixed(3)} on \`test\`, before any row was left out for privacy.`,
        ]
      : []),
  ];
}

function describeUse({ tables }: DatasetFacts): string[] {
  const columns = tables[0]!.columns.filter(({ role }) => role === 'feature').length;
  return [
    '## Use',
    [
      '```python',
      'from datasets import load_dataset',
      '',
      'data = load_dataset("path/to/this/folder")  # train, test',
      '```',
    ].join('\n'),
    `${columns} features are float32 in the order of the table above. The same files open with \`polars.scan_parquet("data/*.parquet")\`, ` +
      "DuckDB's `FROM 'data/*.parquet'`, `mlcroissant` (croissant.json) and `frictionless` (datapackage.json). " +
      '`sha256sum -c checksums.sha256` checks every file.',
  ];
}

function describeEnd(facts: DatasetFacts): string[] {
  const { privacy } = facts.source;
  return [
    '## Privacy',
    privacy.anonymized
      ? `Anonymised: times are rounded down to ${privacy.timePrecisionMs / 3_600_000} h, every combination of ` +
        `${privacy.quasiIdentifiers.map((name) => `\`${name}\``).join(', ')} is shared by at least ${privacy.k} rows ` +
        `(${privacy.rowsSuppressed} rows left out). What that does not protect is in [PRIVACY.md](PRIVACY.md).`
      : '**Not anonymised.** See [PRIVACY.md](PRIVACY.md).',
    '## Limits',
    limitations.map((text) => `- ${text}`).join('\n'),
    '## Licence and citation',
    `${facts.license.name} ([LICENSE](LICENSE)).`,
    ['```bibtex', buildCitation(facts), '```'].join('\n'),
    '## Changelog',
    facts.changelog
      .map(({ version, change, reasons }) => `- **${version}** (${change}): ${reasons.join('; ')}`)
      .join('\n'),
  ];
}
