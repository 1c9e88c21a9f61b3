// A history as a source to publish: its training set, and its tables as further configurations, anonymised table by
// table. Nothing is written but the key file, and that only when one is named.
import type * as arrow from 'apache-arrow';
import { buildHistoryTrainingSet, createAnonymizer, renderPrivacyReport } from '../../prepare/index.ts';
import type { AnonymizationPlan, FeatureSpec, PrivacyReport, TrainingHistory } from '../../prepare/index.ts';
import type { ExportTable, TrainingDataConfig } from '../export-options.ts';
import type { BatchTableParts } from '../batch-table.ts';
import { planTable } from '../export-plan.ts';
import type { ExportSource } from '../export-plan.ts';
import { readTableBatches } from '../table-batches.ts';
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

interface ReleasedTable {
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
  const planned: ReleasedTable[] = [];
  const key = options.keyFile === undefined ? undefined : await openReleaseKey(options.keyFile);
  for (const table of options.tables ?? []) planned.push(await publishTable(history, table, options, key));
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
    // A quiet host has rows of one label: no classifier learns from them, and its tables are worth publishing.
    ...((options.tables ?? []).length > 0 && { task: 'anomaly' as const }),
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

const openTable = (
  table: BatchTableParts,
  signal: AbortSignal | undefined,
): AsyncIterable<arrow.RecordBatch> => table.open(signal ?? new AbortController().signal);

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

async function publishTable(
  history: ExportSource,
  table: ExportTable,
  options: HistorySourceOptions,
  key: Uint8Array | undefined,
): Promise<ReleasedTable> {
  const { k, signal } = options;
  const { fromMs, toMs } = resolveTraining('dataset/', options.training ?? {}, true, options.nowMs);
  const range = { ...(fromMs !== undefined && { fromMs }), toMs: toMs ?? options.nowMs };
  const anonymizer = options.allowIdentifying === true ? null : createAnonymizer({ key, k });
  const request = {
    source: history,
    table,
    range,
    columns: 'all',
    sampleIntervalMs: 0,
    anonymizer,
    signal,
  } as const;
  const { plan, native, build } = await planTable(request);
  const exported = build();
  return {
    plan,
    table: {
      name: table,
      description: tableTexts[table],
      columns: buildAdrKind(table, native),
      splits: [{ name: 'train', open: () => readTableBatches(exported, signal) }],
    },
  };
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
