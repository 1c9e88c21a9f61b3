// A finished export as text: what was written, how fast, how it protects and what it does not.
import type { PrivacyReport } from '../../prepare/index.ts';
import type { DataExportStats, TrainingDataStats } from '../../export/index.ts';
import type { ExportResult } from './export-job.ts';
import { formatBytes, formatRows, formatSeconds } from '../terminal.ts';

type Rows = [string, string][];

/**
 * Renders the result of an export.
 * @param isDue whether what it does not protect, as one text, is to be said now; see once-a-day.ts
 */
export function renderExport(result: ExportResult, isDue: (text: string) => boolean): string {
  const rate = Math.round(result.rowsPerSecond).toLocaleString('en');
  const rows: Rows = [
    [
      'exported',
      `${count(result.rows, 'row')}, ${formatBytes(result.bytes)} in ${formatSeconds(result.ms / 1000)} (${rate} rows/s)`,
    ],
    ...Object.entries(result.tables).map(([name, table]): [string, string] => [
      name,
      `${count(table.rows, 'row')} in ${table.path}`,
    ]),
  ];
  rows.push(...result.notes.map((text): [string, string] => ['note', text]));
  rows.push(...result.problems.map((text): [string, string] => ['not read', text]));
  rows.push(...('files' in result ? renderTraining(result) : renderPrivacy(result, isDue)));
  return formatRows(rows);
}

function renderTraining({ splits, features, classWeights, cardPath }: TrainingDataStats): Rows {
  const weights = Object.entries(classWeights).map(([label, weight]) => `${label} ${weight.toFixed(3)}`);
  return [
    ['split', `${splits.train} to train, ${splits.gap} in the gap, ${splits.test} to test`],
    ['features', features.join(', ')],
    ['class weights', weights.join(', ')],
    ['described in', cardPath],
  ];
}

function renderPrivacy({ privacy }: DataExportStats, isDue: (text: string) => boolean): Rows {
  if (privacy === null) return [['privacy', 'not anonymised: names, identifiers and exact times are in it']];
  const reports = Object.values(privacy);
  const notProtected = [...new Set(reports.flatMap((report) => report.notProtected))];
  return [
    ...reports.map((report): [string, string] => [`privacy ${report.table}`, describePrivacy(report)]),
    ...(notProtected.length === 0 || isDue(notProtected.join('\n'))
      ? notProtected.map((text, at): [string, string] => [at === 0 ? 'not protected' : '', text])
      : [['not protected', 'as said today already; --verbose says it again'] as [string, string]]),
  ];
}

function describePrivacy({ k, rows, timePrecisionMs }: PrivacyReport): string {
  const reached = k.reached === null ? 'no rows' : `k = ${k.reached} (asked ${k.asked})`;
  const generalized = rows.generalized > 0 ? `, ${count(rows.generalized, 'row')} coarser than asked` : '';
  return `${reached}, ${count(rows.suppressed, 'row')} suppressed${generalized}, times to ${formatPrecision(timePrecisionMs)}`;
}

const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
] as const;

/** In the largest unit that divides it. */
function formatPrecision(ms: number): string {
  const [unit, size] = units.find(([, unitMs]) => ms % unitMs === 0) ?? ['ms', 1];
  return `${ms / size} ${unit}`;
}

function count(rows: number, what: string): string {
  return `${rows.toLocaleString('en')} ${what}${rows === 1 ? '' : 's'}`;
}
