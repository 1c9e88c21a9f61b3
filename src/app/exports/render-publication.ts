// What `publish` and `publish verify` print for people.
import type { PublishReport, VerifyReport } from '../../export/publish/index.ts';
import { formatBytes, formatRows } from '../terminal.ts';

/** A publication as text. */
export function renderPublication(report: PublishReport, problems: readonly string[] = []): string {
  const { privacy } = report;
  const rows = Object.entries(report.tables).map(([table, splits]): [string, string] => [
    table,
    Object.entries(splits)
      .map(([split, count]) => `${split} ${count}`)
      .join(', '),
  ]);
  return formatRows([
    ['dataset', `${report.name} ${report.version} at ${report.to}`],
    ['version', describeVersion(report)],
    ...rows,
    ...problems.map((text) => ['not read', text] as const),
    ['size', `${formatBytes(report.sizeBytes)} in ${report.files.length} files`],
    [
      'privacy',
      privacy.anonymized
        ? `anonymised: times to ${privacy.timePrecisionMs / 1000} s, k ${privacy.k ?? '–'} and l ${privacy.l ?? '–'} reached, ${privacy.rowsSuppressed} rows left out`
        : 'NOT anonymised',
    ],
    ['signature', report.keyFingerprint ?? 'not signed by this run (give --sign)'],
    ...(report.removed.length > 0 ? [['removed', report.removed.join(', ')] as const] : []),
  ]);
}

function describeVersion({ change, previousVersion, reasons }: PublishReport): string {
  if (change === 'none') return 'nothing changed, the version stays';
  const from = previousVersion === null ? '' : ` after ${previousVersion}`;
  return `${change}${from}: ${reasons.join('; ')}`;
}

/** A verification as text. */
export function renderVerification(report: VerifyReport): string {
  if (!report.ok) {
    return [`${report.target} is not as published:`, ...report.problems.map((text) => `  ${text}`)].join(
      '\n',
    );
  }
  const signed = report.keyTrusted
    ? `by ${report.keyFingerprint}, the key you named`
    : `by ${report.keyFingerprint}, the key in the dataset; compare the fingerprint or give --public-key`;
  return formatRows([
    ['dataset', `${report.target} ${report.version}: ${report.filesOk} files are as published`],
    ['signature', report.signature === 'good' ? signed : 'none'],
  ]);
}
