// A labelled training set as a release: which columns leave and as what, whole hours, no group of fewer than k
// rows. What a reader has no use for (`trend` twice, the label as text and as number) is not taken along.
import type * as arrow from 'apache-arrow';
import { labels, required, withPrivacy } from '../../core/index.ts';
import { anonymizerDefaults } from '../../prepare/index.ts';
import type { TrainingCard } from '../training-card.ts';
import { suppressSmallGroups } from './anonymity.ts';
import type { GroupReport } from './anonymity.ts';
import { notAnonymousError } from './errors.ts';
import type { PrivacyFacts, PublishColumn, PublishSource, PublishSplit } from './publish-contract.ts';

/** What may leave. */
export interface ReleaseRules {
  /** Takes data that is not anonymised. @default false */
  readonly allowIdentifying?: boolean | undefined;
  /** Rows that must share hour and local time. @default that of an anonymizer */
  readonly k?: number | undefined;
}

/** Times of an anonymised release are whole hours, or coarser. */
const HOUR_MS = 3_600_000;

/** Features that place a row in time and the host in a time zone. */
const quasiFeatures = new Set(['time_of_day', 'day_of_week']);

const tableText =
  'Features of one host at one instant, and the label: what happened to its memory in the horizon after it.';

/**
 * Builds the release.
 * @param what names the data in errors
 * @param splits batches of the columns of `trainingColumns(card)`, by position
 * @throws RuvectorError `ERR_EXPORT_NOT_ANONYMOUS`
 */
export async function releaseTraining(
  what: string,
  card: TrainingCard,
  splits: readonly PublishSplit[],
  { allowIdentifying = false, k = anonymizerDefaults.k }: ReleaseRules,
): Promise<PublishSource> {
  if (!allowIdentifying) {
    checkCard(what, card);
    await checkTimes(what, card, splits);
  }
  const columns = trainingColumns(card);
  // Without anonymisation the groups are still counted, but every row stays.
  const grouped = await suppressSmallGroups(splits, columns, allowIdentifying ? 1 : k);
  if (grouped.report.rows === 0) {
    throw notAnonymousError(what, `no hour has ${k} rows, so all of them would have to be left out`);
  }
  const { files: _files, columns: _columns, label: _label, privacy: _privacy, ...rest } = card;
  return {
    tables: [{ name: 'training', description: tableText, columns, splits: grouped.splits }],
    card: rest,
    privacy: describePrivacy(card, grouped.report, columns),
    fromMs: card.fromMs,
    toMs: card.toMs,
  };
}

/** The published columns: time, features in order, label. */
export function trainingColumns(card: TrainingCard): PublishColumn[] {
  const precision = card.privacy.timePrecisionMs;
  const timeText = precision > 1 ? `UTC, rounded down to ${precision / HOUR_MS} h` : 'UTC';
  return [
    {
      ...withPrivacy('quasi-identifier', required('timestamp', 'timestamp', 'ms since epoch', timeText)),
      role: 'time',
    },
    ...card.features.map(({ name, unit, how }): PublishColumn => ({
      ...required(name, 'float32', unit, how),
      ...(quasiFeatures.has(name) && { privacy: 'quasi-identifier' as const }),
      role: 'feature',
    })),
    {
      ...required(
        'label',
        'int8',
        'class',
        `what was observed in the ${card.horizonMs / 1000} s after the row`,
      ),
      role: 'label',
      classNames: card.label.type === 'binary' ? [labels[0], labels.slice(1).join(' or ')] : labels,
    },
  ];
}

function checkCard(what: string, { privacy }: TrainingCard): void {
  if (!privacy.anonymized) throw notAnonymousError(what, 'it says that it is not anonymised');
  if (privacy.timePrecisionMs >= HOUR_MS) return;
  const state = `its times are precise to ${privacy.timePrecisionMs} ms, and a release has whole hours`;
  throw notAnonymousError(what, state);
}

/** A card may say anything; the times themselves are looked at. */
async function checkTimes(what: string, card: TrainingCard, splits: readonly PublishSplit[]): Promise<void> {
  for (const split of splits) {
    for await (const batch of split.open()) {
      const exact = findExactTime(batch, card.privacy.timePrecisionMs);
      if (exact === undefined) continue;
      throw notAnonymousError(what, `it says whole hours, but holds ${new Date(exact).toISOString()}`);
    }
  }
}

function findExactTime(batch: arrow.RecordBatch, precisionMs: number): number | undefined {
  for (const value of batch.getChildAt(0)!) if (Number(value) % precisionMs !== 0) return Number(value);
  return undefined;
}

function describePrivacy(
  card: TrainingCard,
  report: GroupReport,
  columns: readonly PublishColumn[],
): PrivacyFacts {
  const { anonymized, timePrecisionMs, notProtected } = card.privacy;
  return {
    anonymized,
    timePrecisionMs,
    k: report.k,
    l: report.l,
    rowsSuppressed: report.rowsSuppressed,
    quasiIdentifiers: columns.filter(({ privacy }) => privacy).map(({ name }) => name),
    methods: [
      'no names, command lines, paths, users, hosts or addresses were taken into the features',
      ...(anonymized
        ? [
            `times rounded down to ${timePrecisionMs / HOUR_MS} h`,
            `rows left out whose combination of quasi-identifiers too few rows share: ${report.rowsSuppressed} rows in ${report.groupsSuppressed} groups`,
          ]
        : []),
    ],
    notProtected: [notProtected],
  };
}
