// PRIVACY.md: the anonymiser's own report where there is one, else the facts of the release as a page.
import type { PrivacyFacts, PublishSource } from './publish-contract.ts';

/** Renders the page. */
export function renderPrivacyPage({ privacy, tables }: PublishSource): string {
  const held = tables.map(
    ({ name, columns }) => `- \`${name}\`: ${columns.map((c) => `\`${c.name}\``).join(', ')}`,
  );
  const sections = [
    '# Privacy',
    privacy.anonymized ? describeAnonymized(privacy) : exposed,
    ...(privacy.report ? [privacy.report.replace(/^# .*\n+/, '').trimEnd()] : []),
    '## What was done',
    list(privacy.methods),
    '## What is not protected',
    list([...privacy.notProtected, ...alwaysOpen]),
    '## What is in the files',
    held.join('\n'),
    'Command lines, arguments, user names, host names, addresses and file paths are never collected into these tables.',
  ];
  return `${sections.join('\n\n')}\n`;
}

const exposed =
  '**This release is not anonymised.** Its times are exact: whoever knows when something happened on the host can find it here, ' +
  'and can join it with other records of that host.';

const alwaysOpen: readonly string[] = [
  'Measurements are published as they were taken. Whoever recorded the same host at the same time can recognise it by them.',
  'k counts rows of one host, not hosts or people: it keeps single moments from standing out, not the host.',
  'Rows keep the order they were recorded in: with a regular interval the place of a row gives its time back, from the row where the hour changes.',
  'Local hour and weekday beside the UTC hour tell the time zone.',
  'No differential privacy was applied: there is no bound on what many releases of the same host tell together.',
];

function describeAnonymized(privacy: PrivacyFacts): string {
  return [
    '| measure | value |',
    '| --- | --- |',
    `| time precision | ${privacy.timePrecisionMs / 1000} s |`,
    `| quasi-identifiers | ${privacy.quasiIdentifiers.map((name) => `\`${name}\``).join(', ')} |`,
    `| k reached | ${privacy.k ?? 'not applicable'} |`,
    `| l reached (different labels in a group) | ${privacy.l ?? 'not applicable'} |`,
    `| rows left out | ${privacy.rowsSuppressed} |`,
  ].join('\n');
}

const list = (texts: readonly string[]): string => texts.map((text) => `- ${text}`).join('\n');
