// A history as a source to publish: its training set, and its tables as further configurations, anonymised table by
// table. Nothing is written but the key file, and that only when one is named.
import type * as arrow from 'apache-arrow';
import { recordKinds } from '../../core/index.ts';
import { buildHistoryTrainingSet, createAnonymizer, renderPrivacyReport } from '../../prepare/index.ts';
import type { AnonymizationPlan, FeatureSpec, PrivacyReport, TrainingHistory } from '../../prepare/index.ts';
import { buildTransform, planBatches } from '../anonymize-batches.ts';
import type { ExportTable, TrainingDataConfig } from '../export-options.ts';
import type { TableSource } from '../file-contract.ts';
import { buildSampleReader, buildTableSource, readFirstTime } from '../table-source.ts';
import type { ExportSource, ReadSamples } from '../table-source.ts';
import { buildTrainingCard } from '../training-card.ts';
import { resolveTraining } from '../training-config.ts';
import { buildTrainingTable } from '../training-table.ts';
import { openReleaseKey } from './release-key-file.ts';
import { buildAdrKind } from './table-columns.ts';
import { releaseTraining, trainingColumns } from './training-release.ts';
import type { PrivacyFacts, PublishSource, PublishSplit, PublishTable } from './publish-contract.ts';

/** What of a history to publish. */
export interface HistorySourceOptions {
  /** Range, features, split and labels of the training set; times are whole hours unless `allowIdentifying`. */
  readonly training?:
    Omit<TrainingDataConfig, 'format' | 'compression' | 'anonymize' | 'labelType'> | undefined;
  readonly spec: FeatureSpec;
  /** @default that of a training set */
  readonly horizonMs?: number | undefined;
  /** Published beside the training set. @default none */
  readonly tables?: readonly ExportTable[] | undefined;
  /**
   * Keeps the key of the release (mode 0600), so that the same rows can be released again as the same bytes.
   * Unset, the key is random and wiped with the release.
   */
  readonly keyFile?: string | undefined;
  readonly allowIdentifying?: boolean | undefined;
  /** @default that of an anonymizer */
  readonly k?: number | undefined;
  readonly nowMs: number;
  readonly signal?: AbortSignal | undefined;
}

interface PlannedTable {
  readonly table: PublishTable;
  readonly plan: AnonymizationPlan | null;
}

/**
 * Reads the history once for the training set and once for each table; rows are read again when they are written.
 * @throws ExportOptionsError, PrivacyError, TrainingHistoryError, RuvectorError `ERR_EXPORT_NOT_ANONYMOUS`,
 *   `ERR_EXPORT_KEY_FILE`
 */
export async function openHistorySource(
  history: ExportSource,
  options: HistorySourceOptions,
): Promise<PublishSource> {
  const training = await buildTraining(history, options);
  const planned: PlannedTable[] = [];
  const key = options.keyFile === undefined ? undefined : await openReleaseKey(options.keyFile);
  for (const table of options.tables ?? []) planned.push(await planTable(history, table, options, key));
  key?.fill(0);
  return {
    tables: [...training.tables, ...planned.map(({ table }) => table)],
    card: training.card,
    fromMs: training.fromMs,
    toMs: training.toMs,
    seal: () => planned.forEach(({ plan }) => plan?.destroyKey()),
    get privacy() {
      return mergePrivacy(
        training.privacy,
        planned.flatMap(({ plan }) => (plan ? [plan.report] : [])),
      );
    },
  };
}

async function buildTraining(
  history: TrainingHistory,
  options: HistorySourceOptions,
): Promise<PublishSource> {
  const { allowIdentifying = false, k, spec, horizonMs, nowMs, signal } = options;
  const config = { ...options.training, labelType: 'index' as const, anonymize: !allowIdentifying };
  const resolved = resolveTraining('dataset/', config, true, nowMs);
  const set = await buildHistoryTrainingSet(history, {
    spec: resolved.features ? { ...spec, names: resolved.features } : spec,
    fromMs: resolved.fromMs,
    toMs: resolved.toMs,
    horizonMs: resolved.horizonMs ?? horizonMs,
    testFraction: resolved.testFraction,
    blocks: resolved.blocks,
    includeActed: resolved.includeActed,
    balance: resolved.balance,
    signal,
  });
  const card = buildTrainingCard(set, resolved, []);
  const names = trainingColumns(card).map(({ name }) => name);
  const splits = (['train', 'test'] as const).map((split): PublishSplit => {
    const { labelType, timePrecisionMs } = resolved;
    const table = buildTrainingTable(set, { name: split, split, labelType, timePrecisionMs });
    return { name: split, open: () => selectNamed(openTable(table, signal), names) };
  });
  return releaseTraining('history', card, splits, { allowIdentifying, k });
}

const openTable = (table: TableSource, signal: AbortSignal | undefined): AsyncIterable<arrow.RecordBatch> =>
  table.open(0, signal ?? new AbortController().signal);

/** RecordBatch.select() takes wrong columns once one is left out (apache-arrow 21). */
async function* selectNamed(
  batches: AsyncIterable<arrow.RecordBatch>,
  names: readonly string[],
): AsyncGenerator<arrow.RecordBatch> {
  for await (const batch of batches) {
    const indexes = names.map((name) => batch.schema.fields.findIndex((field) => field.name === name));
    yield batch.selectAt(indexes);
  }
}

async function planTable(
  history: ExportSource,
  table: ExportTable,
  options: HistorySourceOptions,
  key: Uint8Array | undefined,
): Promise<PlannedTable> {
  const { fromMs, toMs } = resolveTraining('dataset/', options.training ?? {}, true, options.nowMs);
  const range = { ...(fromMs !== undefined && { fromMs }), toMs: toMs ?? options.nowMs };
  const read = buildSampleReader(history, table, range, 0);
  const firstMs = await readFirstTime(history, table, range);
  const plan = options.allowIdentifying === true ? null : await planRelease(table, read, options, key);
  const source = buildTableSource({
    table,
    native: recordKinds[table]!,
    columns: 'all',
    read,
    transform: plan && (await buildTransform(plan)),
    plannedSamples: null,
    firstMs,
  });
  return {
    plan,
    table: {
      name: table,
      description: tableTexts[table],
      columns: buildAdrKind(table, plan?.kind ?? recordKinds[table]!),
      splits: [{ name: 'train', open: () => openTable(source, options.signal) }],
    },
  };
}

async function planRelease(
  table: ExportTable,
  read: ReadSamples,
  { k, signal }: HistorySourceOptions,
  key: Uint8Array | undefined,
): Promise<AnonymizationPlan> {
  return planBatches(createAnonymizer({ key, k }), recordKinds[table]!, read, signal);
}

const tableTexts: Readonly<Record<ExportTable, string>> = {
  memory: 'Memory of the host at one instant, with its pressure, refault, swap and reclaim counters.',
  process: 'One process at one instant.',
  optimization: 'One action of the optimizer and what it did.',
};

function mergePrivacy(training: PrivacyFacts, reports: readonly PrivacyReport[]): PrivacyFacts {
  if (reports.length === 0) return training;
  const reached = [training.k, ...reports.map((report) => report.k.reached)].filter((k) => k !== null);
  return {
    ...training,
    k: reached.length === 0 ? null : Math.min(...reached),
    rowsSuppressed: reports.reduce((sum, { rows }) => sum + rows.suppressed, training.rowsSuppressed),
    report: reports.map(renderPrivacyReport).join('\n'),
  };
}
