// A folder written by `export --training` (dataset.json and one Parquet file a split) as a source to
// publish. The timestamp is rounded to the hour again, small groups are left out, and what a reader of
// the release has no use for (`trend` twice, the label as text and as number) is not taken along.
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type * as arrow from 'apache-arrow';
import { labels, required, withPrivacy } from '../../core/index.ts';
import type { Field, RecordKind } from '../../core/index.ts';
import type { TrainingCard } from '../training-card.ts';
import { suppressSmallGroups } from './anonymity.ts';
import { isInside } from './checksums.ts';
import { notADatasetError, notAnonymousError } from './errors.ts';
import type { PrivacyFacts, PublishColumn, PublishSource, PublishSplit } from './publish-contract.ts';
import { readParquet } from './read-parquet.ts';

/** How to read the folder. */
export interface TrainingSourceOptions {
  /** Takes data that says it is not anonymised. @default false */
  readonly allowIdentifying?: boolean | undefined;
  /** Rows that must share hour and local time. @default 5 */
  readonly k?: number | undefined;
}

/** Times of an anonymised release are whole hours. */
const HOUR_MS = 3_600_000;

/** Features that place a row in time and the host in a time zone. */
const quasiFeatures = new Set(['time_of_day', 'day_of_week']);

/**
 * Reads the card and checks every file against it.
 * @throws RuvectorError `ERR_EXPORT_NOT_A_DATASET`, `ERR_EXPORT_NOT_ANONYMOUS`
 */
export async function readTrainingSource(
  folder: string,
  { allowIdentifying = false, k = 5 }: TrainingSourceOptions = {},
): Promise<PublishSource> {
  const card = await readCard(folder);
  checkPrivacy(folder, card, allowIdentifying);
  await checkFiles(folder, card);
  const columns = columnsOf(card);
  const splits = splitsOf(folder, card, columns);
  await checkTimes(folder, card, splits, allowIdentifying);
  // Without anonymisation the groups are still counted, but every row stays.
  const grouped = await suppressSmallGroups(splits, columns, allowIdentifying ? 1 : k);
  if (grouped.report.rows === 0) {
    throw notAnonymousError(folder, `no hour has ${k} rows, so all of them would have to be left out`);
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

const tableText =
  'Features of one host at one instant, and the label: what happened to its memory in the horizon after it.';

async function readCard(folder: string): Promise<TrainingCard> {
  const text = await readFile(join(folder, 'dataset.json'), 'utf8').catch((cause: unknown) => {
    throw notADatasetError(folder, 'it holds no readable dataset.json', cause);
  });
  let card: TrainingCard;
  try {
    card = JSON.parse(text) as TrainingCard;
  } catch (cause) {
    throw notADatasetError(folder, 'its dataset.json is not JSON', cause);
  }
  const isCard =
    isObject(card?.privacy) &&
    isObject(card.label) &&
    [card.features, card.files, card.labelRules].every(Array.isArray) &&
    /^[0-9a-f]{64}$/.test(card.sha256);
  if (!isCard) throw notADatasetError(folder, 'its dataset.json is not the card of a training export');
  if (card.format !== 'parquet') {
    throw notADatasetError(
      folder,
      `its files are ${card.format}, and only those of --format parquet can be published`,
    );
  }
  return card;
}

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;

function checkPrivacy(folder: string, card: TrainingCard, allowIdentifying: boolean): void {
  const { anonymized, timePrecisionMs } = card.privacy;
  if (allowIdentifying) return;
  if (!anonymized) throw notAnonymousError(folder, 'its dataset.json says that it is not anonymised');
  if (timePrecisionMs < HOUR_MS) {
    throw notAnonymousError(
      folder,
      `its times are precise to ${timePrecisionMs} ms, and a release has whole hours`,
    );
  }
}

async function checkFiles(folder: string, card: TrainingCard): Promise<void> {
  for (const { path, sha256 } of card.files) {
    if (!isInside(path)) throw notADatasetError(folder, `its dataset.json names "${path}", outside of it`);
    const found = await digestFile(join(folder, path)).catch((cause: unknown) => {
      throw notADatasetError(folder, `"${path}" cannot be read`, cause);
    });
    if (found !== sha256)
      throw notADatasetError(folder, `"${path}" is not the file its dataset.json describes`);
  }
}

async function digestFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) hash.update(chunk);
  return hash.digest('hex');
}

function columnsOf(card: TrainingCard): PublishColumn[] {
  const precision = card.privacy.timePrecisionMs;
  const timeText = precision > 1 ? `UTC, rounded down to ${precision / HOUR_MS} h` : 'UTC';
  return [
    {
      ...withPrivacy('quasi-identifier', required('timestamp', 'timestamp', 'ms since epoch', timeText)),
      role: 'time',
    },
    ...card.features.map(({ name, unit, how }): PublishColumn => ({
      ...(required(name, 'float32', unit, how) as Field),
      ...(quasiFeatures.has(name) && { privacy: 'quasi-identifier' as const }),
      role: 'feature',
    })),
    labelColumn(card),
  ];
}

function labelColumn(card: TrainingCard): PublishColumn {
  const isBinary = card.label.type === 'binary';
  return {
    ...required('label', 'int8', 'class', 'what was observed in the horizon after the row'),
    role: 'label',
    classNames: isBinary ? [labels[0], labels.slice(1).join(' or ')] : labels,
  };
}

/** One split a file, or both out of one file's `split` column. */
function splitsOf(folder: string, card: TrainingCard, columns: readonly PublishColumn[]): PublishSplit[] {
  const label = card.label.type === 'class' ? 'label_index' : 'label';
  const kind = kindOf(columns, label);
  const whole = card.files.filter(({ split }) => split === 'all');
  if (whole.length > 0) {
    throw notADatasetError(
      folder,
      'it holds one file for all splits; export into a folder (--output training/)',
    );
  }
  return card.files.map(({ split, path }) => ({
    name: split,
    open: () => readParquet([join(folder, path)], kind),
  }));
}

/** Columns are taken by position from here on, so the label may have another name in the file. */
function kindOf(columns: readonly PublishColumn[], label: string): RecordKind {
  const fields = columns.map((column) => (column.role === 'label' ? { ...column, name: label } : column));
  return { name: 'training', version: 1, fields };
}

/** A card may say anything; the times themselves are looked at. */
async function checkTimes(
  folder: string,
  card: TrainingCard,
  splits: readonly PublishSplit[],
  allowIdentifying: boolean,
): Promise<void> {
  if (allowIdentifying) return;
  for (const split of splits) {
    for await (const batch of split.open()) {
      const exact = findExactTime(batch, card.privacy.timePrecisionMs);
      if (exact === undefined) continue;
      throw notAnonymousError(
        folder,
        `its dataset.json says whole hours, but it holds ${new Date(exact).toISOString()}`,
      );
    }
  }
}

function findExactTime(batch: arrow.RecordBatch, precisionMs: number): number | undefined {
  for (const value of batch.getChildAt(0)!) if (Number(value) % precisionMs !== 0) return Number(value);
  return undefined;
}

function describePrivacy(
  card: TrainingCard,
  report: { k: number | null; l: number | null; rowsSuppressed: number },
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
      ...(anonymized ? [`times rounded down to ${timePrecisionMs / HOUR_MS} h`] : []),
      ...(anonymized ? ['rows of groups that are too small left out'] : []),
    ],
    notProtected: [notProtected],
  };
}
