// The training export: a labelled set from the history, written as one file a split with dataset.json
// in a folder, or as one file with dataset.json beside it.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rmdir, stat } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { isRuvectorError } from '../core/index.ts';
import { buildFeatureSpec, buildHistoryTrainingSet } from '../prepare/index.ts';
import type { FeatureSpec, StreamedTrainingSet, TrainingFacts, TrainingHistory } from '../prepare/index.ts';
import { locateDestination, makeFolder, requireFile, writeWhole } from '../files/index.ts';
import { noRowsError } from './errors.ts';
import { buildBatchTable } from './batch-table.ts';
import type { ExportProgress, ExportStats, ExportedTable } from './file-contract.ts';
import { buildTrainingCard, labelWeights } from './training-card.ts';
import type { TrainingFile } from './training-card.ts';
import { resolveTraining } from './training-config.ts';
import type { ResolvedTraining } from './training-config.ts';
import type { TrainingDataConfig } from './export-options.ts';
import { buildTrainingTable, countRows } from './training-table.ts';
import { writeTables } from './write-tables.ts';

/** What a training export reads and how it is watched. */
export interface TrainingExportContext {
  readonly source: TrainingHistory;
  /** The host's features. @default buildFeatureSpec() */
  readonly spec?: FeatureSpec | undefined;
  /** Horizon of a configuration that names none. @default that of prepare, a minute */
  readonly horizonMs?: number | undefined;
  /** As in DataExporterOptions. */
  readonly hasDescriptors?: boolean | undefined;
  /** Says what range the history holds, for the error of an empty one. */
  readonly describeHeld: () => string;
  readonly nowMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: ExportProgress) => void) | undefined;
}

/** What a training export wrote. */
export interface TrainingDataStats extends ExportStats {
  /** The folder, or the one file. */
  readonly path: string;
  readonly cardPath: string;
  readonly files: readonly TrainingFile[];
  readonly features: readonly string[];
  /** Rows of each split; the gap's are only in a single file. */
  readonly splits: Readonly<Record<'train' | 'gap' | 'test', number>>;
  /** Weight of each value of the label column. */
  readonly classWeights: Readonly<Record<string, number>>;
  readonly datasetId: string;
}

/**
 * Builds and writes a training set.
 * @throws ExportOptionsError, RuvectorError `ERR_EXPORT_NO_ROWS`, `ERR_EXPORT_WRITE`, and
 *   TrainingHistoryError when the history gives too few rows or only one class
 */
export async function exportTraining(
  path: string,
  config: TrainingDataConfig,
  context: TrainingExportContext,
): Promise<TrainingDataStats> {
  const resolved = resolveTraining(path, config, await isFolder(path), context.nowMs);
  const destination = await locateDestination(path, { hasDescriptors: context.hasDescriptors });
  if (destination.kind !== 'folder') requireFile(destination, 'a training set with its card');
  const set = await buildSet(resolved, config, context);
  const target = resolve(path);
  const folder = resolved.isFolder ? target : dirname(target);
  const created = resolved.isFolder ? await makeFolder(folder) : undefined;
  try {
    const stats = await writeSet(set, resolved, target, context);
    const files = await describeFiles(stats, folder, resolved);
    const cardPath = join(folder, resolved.isFolder ? 'dataset.json' : `${stemOf(target)}.dataset.json`);
    const card = buildTrainingCard(set, resolved, files);
    await writeWhole(cardPath, `${JSON.stringify(card, null, 2)}\n`, 'a card');
    return { ...stats, path: target, cardPath, files, ...describeSet(set, resolved) };
  } catch (error) {
    // Only a folder this export made, and only while it is empty.
    if (created !== undefined) await rmdir(folder).catch(() => undefined);
    throw error;
  }
}

async function buildSet(
  resolved: ResolvedTraining,
  config: TrainingDataConfig,
  context: TrainingExportContext,
): Promise<StreamedTrainingSet> {
  const spec = context.spec ?? buildFeatureSpec();
  try {
    return await buildHistoryTrainingSet(context.source, {
      spec: resolved.features ? { ...spec, names: resolved.features } : spec,
      fromMs: resolved.fromMs,
      toMs: resolved.toMs,
      horizonMs: resolved.horizonMs ?? context.horizonMs,
      testFraction: resolved.testFraction,
      blocks: resolved.blocks,
      includeActed: resolved.includeActed,
      balance: resolved.balance,
      signal: context.signal,
    });
  } catch (error) {
    if (!isEmptyHistory(error)) throw error;
    throw noRowsError(
      `${describeTime(config.start, 'the beginning')} to ${describeTime(config.end, 'now')}`,
      context.describeHeld(),
    );
  }
}

/** With some rows the error of prepare says better what is missing. */
function isEmptyHistory(error: unknown): boolean {
  if (!isRuvectorError(error, 'ERR_PREPARE_TOO_FEW_ROWS')) return false;
  const {
    counts = {},
    unlabelled = 0,
    warmup = 0,
  } = error.details as {
    counts?: Record<string, readonly number[]>;
    unlabelled?: number;
    warmup?: number;
  };
  return (
    unlabelled === 0 &&
    warmup === 0 &&
    Object.values(counts)
      .flat()
      .every((count) => count === 0)
  );
}

const describeTime = (time: TrainingDataConfig['start'], fallback: string): string =>
  time instanceof Date ? time.toISOString() : String(time ?? fallback);

async function writeSet(
  set: StreamedTrainingSet,
  resolved: ResolvedTraining,
  target: string,
  { signal, onProgress, hasDescriptors }: TrainingExportContext,
): Promise<ExportStats> {
  return writeTables({
    tables: tablesOf(set, resolved),
    format: resolved.format,
    path: resolved.isFolder ? folderPath(target, resolved) : target,
    compression: resolved.compression,
    hasDescriptors,
    signal,
    onProgress,
  });
}

function tablesOf(
  set: StreamedTrainingSet,
  { isFolder: isSplit, labelType, timePrecisionMs }: ResolvedTraining,
): ExportedTable[] {
  const options = { labelType, timePrecisionMs };
  if (!isSplit) return [buildBatchTable(buildTrainingTable(set, { name: 'training', ...options }))];
  return (['train', 'test'] as const).map((split) =>
    buildBatchTable(buildTrainingTable(set, { name: split, split, ...options })),
  );
}

/** A database holds both splits as tables. */
function folderPath(folder: string, { format }: ResolvedTraining): string {
  return format === 'sqlite' ? join(folder, 'training.sqlite') : `${folder}/`;
}

async function describeFiles(
  stats: ExportStats,
  folder: string,
  { isFolder: isSplit, format }: ResolvedTraining,
): Promise<TrainingFile[]> {
  const entries = Object.entries(stats.tables);
  const isOneFile = !isSplit || format === 'sqlite';
  const wanted = isOneFile
    ? [{ split: 'all' as const, path: entries[0]![1].path, rows: stats.rows }]
    : entries.map(([split, table]) => ({ split: split as 'train' | 'test', ...table }));
  return Promise.all(
    wanted.map(async ({ split, path, rows }) => ({
      split,
      path: path.slice(folder.length + 1),
      rows,
      ...(await digestFile(path)),
    })),
  );
}

async function digestFile(path: string): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: hash.digest('hex') };
}

function describeSet(
  set: TrainingFacts,
  { labelType }: ResolvedTraining,
): Pick<TrainingDataStats, 'features' | 'splits' | 'classWeights' | 'datasetId'> {
  return {
    features: set.featureNames,
    splits: {
      train: countRows(set, 'train'),
      gap: countRows(set, 'gap'),
      test: countRows(set, 'test'),
    },
    classWeights: labelWeights(set, labelType),
    datasetId: set.id,
  };
}

/** `data/set.csv.gz` → `set`. */
function stemOf(path: string): string {
  const name = basename(path).replace(/\.(gz|zst)$/i, '');
  return basename(name, extname(name));
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
