// DataExporter of the export document: ranges of a history to files, training sets, and streams. It
// plans (export-plan.ts), writes (write-tables.ts) and reports; where rows come from is a port.
import type { FeatureSpec, PrivacyReport } from '../prepare/index.ts';
import { serveStream } from '../stream/index.ts';
import type { ServeStreamOptions, StreamFormat, StreamHandle, StreamHub } from '../stream/index.ts';
import { exportCancelledError, noRowsError, noStreamError } from './errors.ts';
import { resolveExport } from './export-config.ts';
import type { ResolvedExport } from './export-config.ts';
import type { ExportConfig, TrainingDataConfig } from './export-options.ts';
import { planExport } from './export-plan.ts';
import type { ExportSource, PlanContext } from './export-plan.ts';
import { isRelative, parseTime } from './export-times.ts';
import type { TimeLike } from './export-times.ts';
import type { ExportProgress, ExportStats } from './file-contract.ts';
import { locateDestination } from '../files/index.ts';
import type { ExportRange } from './history-table.ts';
import { exportTraining } from './training-export.ts';
import type { TrainingDataStats } from './training-export.ts';
import { writeTables } from './write-tables.ts';

/** How far an export is: first the tables are read to anonymise them, then they are written. */
export interface DataExportProgress extends ExportProgress {
  /** `waiting`: for a reader of a named pipe. */
  readonly phase: 'planning' | 'waiting' | 'writing';
}

/** How one export is watched and stopped. */
export interface ExportRunOptions {
  /** Aborting leaves no file behind. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: DataExportProgress) => void) | undefined;
}

/** What an export wrote, and how it protects. */
export interface DataExportStats extends ExportStats {
  /** By table; null when the export was not anonymised. */
  readonly privacy: Readonly<Record<string, PrivacyReport>> | null;
}

/** Options of {@link createDataExporter}. */
export interface DataExporterOptions {
  /** A History, live or opened with `readOnly`. */
  readonly source: ExportSource;
  /** Defaults of every export by this exporter. */
  readonly config?: ExportConfig;
  /** Features of training sets. @default buildFeatureSpec() */
  readonly spec?: FeatureSpec;
  /** How far labels of training sets look ahead. @default that of prepare, a minute */
  readonly horizonMs?: number;
  /** Live records for `startStream`, which rejects without it. */
  readonly hub?: StreamHub;
  /** False where paths come from another process: its descriptors (`-`, /dev/stdout) are refused. @default true */
  readonly hasDescriptors?: boolean | undefined;
  /** @default Date.now */
  readonly now?: () => number;
}

/** Options of a served stream; hub, endpoint and format are given otherwise. */
export type StartStreamOptions = Omit<ServeStreamOptions, 'hub' | 'endpoint' | 'format'>;

/** Exports what a history holds. */
export interface DataExporter {
  /**
   * Writes a half-open range of time; undefined ends are the oldest and the newest row. Dates without a
   * zone are local, an end date includes its day, and `-2h` counts back from now.
   * @param format unset is told by the suffix of the path
   * @throws ExportOptionsError `ERR_EXPORT_OPTIONS` with every mistake; RuvectorError `ERR_EXPORT_*`, and
   *   `ERR_PREPARE_*` when anonymisation cannot reach k
   */
  exportRange(
    start: TimeLike | undefined,
    end: TimeLike | undefined,
    format: string | undefined,
    path: string,
    options?: ExportConfig & ExportRunOptions,
  ): Promise<DataExportStats>;
  /** Writes the newest hours; the end is the moment of the call. @throws as `exportRange` */
  exportRecent(
    hours: number,
    format: string | undefined,
    path: string,
    options?: ExportConfig & ExportRunOptions,
  ): Promise<DataExportStats>;
  /**
   * Serves the hub's live records at an endpoint until the handle is closed.
   * @param endpoint `ws://127.0.0.1:9999`, `ipc:///path`, `tcp://127.0.0.1:0` or `pipe:/path`
   * @throws RuvectorError `ERR_EXPORT_NO_STREAM` without a hub, and what `serveStream` throws
   */
  startStream(format: StreamFormat, endpoint: string, options?: StartStreamOptions): Promise<StreamHandle>;
  /**
   * Writes features and labels, split by time: one file a split with dataset.json into a folder (a path
   * with a final slash, without a suffix, or of a folder), or one file with dataset.json beside it.
   * @throws ExportOptionsError, RuvectorError `ERR_EXPORT_*`, TrainingHistoryError
   */
  exportTrainingData(
    config: TrainingDataConfig,
    path: string,
    options?: ExportRunOptions,
  ): Promise<TrainingDataStats>;
}

/** Creates an exporter over a history. Nothing is opened; nothing needs closing. */
export function createDataExporter(options: DataExporterOptions): DataExporter {
  const { source, config = {}, hub, hasDescriptors, now = Date.now } = options;
  return {
    exportRange: (start, end, format, path, run = {}) =>
      exportFiles({ source, path, run, hasDescriptors }, () => {
        const problems: string[] = [];
        const nowMs = now();
        const range = buildRange(start, end, nowMs, source, problems);
        const resolved = resolveExport(path, format, { ...config, ...configOf(run) }, problems);
        return { resolved, range };
      }),
    exportRecent: (hours, format, path, run = {}) =>
      exportFiles({ source, path, run, hasDescriptors }, () => {
        const isFine = Number.isFinite(hours) && hours > 0;
        const problems = isFine ? [] : [`hours is ${String(hours)}, wanted a number above 0`];
        const resolved = resolveExport(path, format, { ...config, ...configOf(run) }, problems);
        const toMs = now();
        return { resolved, range: { fromMs: toMs - hours * HOUR_MS, toMs } };
      }),
    startStream: async (format, endpoint, streamOptions) => {
      if (!hub) throw noStreamError(endpoint);
      return serveStream({ ...streamOptions, hub, endpoint, format });
    },
    exportTrainingData: (training, path, run = {}) =>
      guardCancelled(path, run.signal, () =>
        exportTraining(path, training, {
          source,
          spec: options.spec,
          horizonMs: options.horizonMs,
          hasDescriptors,
          describeHeld: () => describeHeld(source, ['memory']),
          nowMs: now(),
          signal: run.signal,
          onProgress: (progress) => run.onProgress?.({ ...progress, phase: 'writing' }),
        }),
      ),
  };
}

const HOUR_MS = 3_600_000;

interface Asked {
  readonly resolved: ResolvedExport;
  readonly range: ExportRange;
}

interface FileExport {
  readonly source: ExportSource;
  readonly path: string;
  readonly run: ExportRunOptions;
  readonly hasDescriptors: boolean | undefined;
}

async function exportFiles(
  { source, path, run, hasDescriptors }: FileExport,
  resolve: () => Asked,
): Promise<DataExportStats> {
  const { resolved, range } = resolve();
  const { signal, onProgress } = run;
  // Before the history is read: a path that is never written to.
  await locateDestination(path, { hasDescriptors });
  return guardCancelled(path, signal, async () => {
    const context: PlanContext = { source, resolved, signal, onPlanned: planningProgress(onProgress) };
    const plan = await planExport(context, range);
    try {
      if (plan.isEmpty) throw noRowsError(describeAsked(range), describeHeld(source, resolved.tables));
      const stats = await writeTables({
        tables: plan.tables,
        format: resolved.format,
        path,
        hasDescriptors,
        compression: resolved.compression,
        excel: resolved.excel,
        signal,
        onWait: onProgress && (() => onProgress(waitingProgress)),
        onProgress: onProgress && ((progress) => onProgress({ ...progress, phase: 'writing' })),
      });
      plan.destroyKey();
      return { ...stats, privacy: plan.privacy() };
    } finally {
      plan.destroyKey();
    }
  });
}

const waitingProgress: DataExportProgress = {
  phase: 'waiting',
  table: '',
  rows: 0,
  totalRows: null,
  rowsPerSecond: 0,
  etaSeconds: null,
};

/** Options of one call without what only watches it. */
function configOf({
  signal: _signal,
  onProgress: _onProgress,
  ...config
}: ExportConfig & ExportRunOptions): ExportConfig {
  return Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined));
}

/** Rates of the reading pass, in the shape of the writing one. */
function planningProgress(onProgress: ExportRunOptions['onProgress']): PlanContext['onPlanned'] {
  const startMs = performance.now();
  return (table, samples) => {
    const seconds = Math.max(1e-3, (performance.now() - startMs) / 1000);
    const rowsPerSecond = samples / seconds;
    onProgress?.({
      phase: 'planning',
      table,
      rows: samples,
      totalRows: null,
      rowsPerSecond,
      etaSeconds: null,
    });
  };
}

/** Turns whatever an aborted signal made of the work into one error. */
async function guardCancelled<T>(
  path: string,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  try {
    signal?.throwIfAborted();
    return await work();
  } catch (error) {
    throw signal?.aborted ? exportCancelledError(path, error) : error;
  }
}

function buildRange(
  start: TimeLike | undefined,
  end: TimeLike | undefined,
  nowMs: number,
  source: ExportSource,
  problems: string[],
): ExportRange {
  const fromMs = start === undefined ? undefined : parseTime(start, 'start', nowMs);
  // What counts back from now ends now: beyond it there are only rows of a clock that was ahead.
  const lastMs = isRelative(start) ? nowMs : lastMsOf(source, nowMs);
  const toMs = end === undefined ? lastMs + 1 : parseTime(end, 'end', nowMs);
  for (const [name, value, timeMs] of [['start', start, fromMs] as const, ['end', end, toMs] as const]) {
    if (timeMs === undefined || Number.isFinite(timeMs)) continue;
    problems.push(
      `${name} is ${JSON.stringify(value)}, wanted a time like "2024-01-31", "2024-01-31T12:00:00Z" or "-2h"`,
    );
  }
  if (fromMs !== undefined && fromMs >= toMs)
    problems.push(end === undefined ? 'start is not before now' : 'start is not before end');
  return fromMs === undefined ? { toMs } : { fromMs, toMs };
}

/** A clock that stepped back leaves rows in the future. */
function lastMsOf(source: ExportSource, nowMs: number): number {
  const kinds = Object.values(source.stats?.().kinds ?? {});
  return kinds.reduce((latest, { lastMs }) => Math.max(latest, lastMs ?? 0), nowMs);
}

function describeAsked({ fromMs, toMs }: ExportRange): string {
  const from = fromMs === undefined ? 'the beginning' : new Date(fromMs).toISOString();
  return `${from} to ${new Date(toMs).toISOString()}`;
}

/** What there is of the tables that were asked for. */
function describeHeld(source: ExportSource, tables: readonly string[]): string {
  const kinds = source.stats?.().kinds;
  if (!kinds) return 'a range it does not name';
  const held = tables.map((table) => {
    const { rows, firstMs, lastMs } = kinds[table] ?? { rows: 0, firstMs: null, lastMs: null };
    if (firstMs === null || lastMs === null) return `no ${table} rows yet`;
    return `${rows} ${table} rows from ${new Date(firstMs).toISOString()} to ${new Date(lastMs).toISOString()}`;
  });
  return held.join(', ');
}
