// What a release says about its privacy: method and parameters by column, what was reached, and what is
// not protected. Plain JSON, and the same as Markdown for PRIVACY.md.
import type { TreatedColumn, Treatment } from './column-treatment.ts';
import type { LDiversity } from './l-diversity.ts';
import type { GroupDecision } from './quasi-groups.ts';
import type { KeyState } from './release-key.ts';

/** What became of one column. */
export interface PrivacyColumn {
  readonly name: string;
  /** Its name in the release; null when it is left out. */
  readonly released: string | null;
  readonly role: 'identifier' | 'quasi-identifier' | 'free-text' | 'measurement';
  readonly method: string;
}

/** The privacy of one released table. */
export interface PrivacyReport {
  readonly table: string;
  readonly method: string;
  /** Rows of the smallest group that were asked for and reached; null for a release without rows. */
  readonly k: { readonly asked: number; readonly reached: number | null };
  /** Groups of rows that look alike in every quasi-identifier. */
  readonly groups: number;
  readonly rows: {
    readonly in: number;
    readonly released: number;
    readonly suppressed: number;
    /** Released rows whose time, name or size is coarser than asked for. */
    readonly generalized: number;
  };
  /** Rows by how far they were generalised, exact first. */
  readonly generalization: readonly {
    readonly timePrecisionMs: number;
    readonly attributes: string;
    readonly rows: number;
  }[];
  readonly timePrecisionMs: number;
  /** Label diversity, where the table has labels and it was checked. */
  readonly l?: LDiversity;
  readonly key: KeyState;
  readonly columns: readonly PrivacyColumn[];
  readonly notProtected: readonly string[];
}

const methods: Readonly<Record<Treatment, string>> = {
  keep: 'released as measured',
  time: 'rounded down; coarser where a group would be too small (time_precision_ms says how far)',
  size: 'rounded up to 2ⁿ or 1.5·2ⁿ; to 2ⁿ where a group would be too small',
  'free-of-size': 'moved by as much as its total was rounded up, so that what is used stays exact',
  name: 'HMAC-SHA-256 with the key of the release, first 64 bits; null where a group would be too small',
  'process-number': 'a random number for each process (pid and start time) of the release',
  counter: 'counted from its first value in the release (of each boot, or process)',
  codes: 'error codes only, everything else removed',
  vocabulary: 'known words only, anything else is "other"',
  'text-hash': 'HMAC-SHA-256 with the key of the release, first 64 bits, as 16 hexadecimal digits',
  remove: 'left out',
};

/** What every report says, whatever the table. */
const notProtected: readonly string[] = [
  'A release of one host describes one host: who knows its load, or has another recording of it, can recognise it by the pattern of the measurements.',
  'k counts rows, not people, hosts or processes: one process that is sampled often is a group of its own.',
  'Rows keep the order they were recorded in. With a regular sampling interval the position of a row gives its time back, from the place where the rounded time changes even the time of day.',
  'Within one release rows of the same name or process can be linked; that is what makes it useful.',
  'Measured sizes are exact: the true size of the machine can be estimated from their sums and maxima.',
];

const keyWarnings: Readonly<Record<KeyState, readonly string[]>> = {
  kept: [
    'The key is kept: who has it can test guesses of names against the hashes, and releases made with the same key can be joined by name.',
  ],
  'in use': ['The key is still in use: it is to be destroyed when the release is written.'],
  destroyed: [],
};

/** What a report is made of. */
export interface ReportParts {
  readonly table: string;
  readonly k: number;
  readonly timePrecisionMs: number;
  readonly columns: readonly TreatedColumn[];
  readonly decision: Omit<GroupDecision, 'groups' | 'rungOf'>;
}

/** Builds the report of a planned release, less what depends on the key. */
export function buildPrivacyReport(parts: ReportParts): Omit<PrivacyReport, 'key'> {
  const { decision } = parts;
  const exact = decision.rowsByRung[0] ?? 0;
  return {
    table: parts.table,
    method: 'k-anonymity by local recoding (generalise, then suppress), keyed hashing, removal',
    k: { asked: parts.k, reached: decision.smallestClass },
    groups: decision.classes,
    rows: {
      in: decision.rows,
      released: decision.releasedRows,
      suppressed: decision.rows - decision.releasedRows,
      generalized: decision.releasedRows - exact,
    },
    generalization: decision.rungs.map(({ time, attribute }, i) => ({
      timePrecisionMs: time.precisionMs,
      attributes: attribute === 0 ? 'as asked' : 'coarse',
      rows: decision.rowsByRung[i]!,
    })),
    timePrecisionMs: parts.timePrecisionMs,
    columns: parts.columns.map(describeColumn),
    notProtected,
  };
}

/** The report as it stands now that the key is what it is. */
export function withKeyState(report: Omit<PrivacyReport, 'key'>, key: KeyState): PrivacyReport {
  return { ...report, key, notProtected: [...report.notProtected, ...keyWarnings[key]] };
}

function describeColumn({ field, treatment, released }: TreatedColumn): PrivacyColumn {
  return {
    name: field.name,
    released: released?.name ?? null,
    role: field.privacy ?? 'measurement',
    method: methods[treatment],
  };
}

/** The report as Markdown, from a heading of the second level on. */
export function renderPrivacyReport(report: PrivacyReport): string {
  const { k, rows } = report;
  const lines = [
    `## Table \`${report.table}\``,
    '',
    `Method: ${report.method}.`,
    '',
    '| what | value |',
    '| --- | --- |',
    `| k asked | ${k.asked} |`,
    `| k reached | ${k.reached ?? 'no rows'} |`,
    `| groups | ${report.groups} |`,
    `| rows in | ${rows.in} |`,
    `| rows released | ${rows.released} |`,
    `| rows suppressed | ${rows.suppressed} |`,
    `| rows generalised further | ${rows.generalized} |`,
    `| time precision | ${formatMs(report.timePrecisionMs)} |`,
    ...renderDiversity(report.l),
    `| key | ${report.key} |`,
    '',
    '| time precision | names, sizes | rows |',
    '| --- | --- | --- |',
    ...report.generalization.map(
      ({ timePrecisionMs, attributes, rows: count }) =>
        `| ${formatMs(timePrecisionMs)} | ${attributes} | ${count} |`,
    ),
    '',
    '| column | released as | role | method |',
    '| --- | --- | --- | --- |',
    ...report.columns.map(
      ({ name, released, role, method }) => `| ${name} | ${released ?? '–'} | ${role} | ${method} |`,
    ),
    '',
    'Not protected:',
    '',
    ...report.notProtected.map((text) => `- ${text}`),
    '',
  ];
  return lines.join('\n');
}

function renderDiversity(l: LDiversity | undefined): string[] {
  if (!l) return [];
  return [
    `| l asked | ${l.asked} |`,
    `| l reached (distinct labels) | ${l.reached ?? 'no rows'} |`,
    `| l reached (entropy) | ${l.entropy?.toFixed(3) ?? 'no rows'} |`,
    `| groups below l | ${l.groupsBelow} of ${l.groups} |`,
  ];
}

function formatMs(ms: number): string {
  for (const [unit, size] of [
    ['day', 86_400_000],
    ['hour', 3_600_000],
    ['minute', 60_000],
    ['second', 1000],
  ] as const) {
    if (ms >= size && ms % size === 0) return `${ms / size} ${unit}${ms === size ? '' : 's'}`;
  }
  return `${ms} ms`;
}
