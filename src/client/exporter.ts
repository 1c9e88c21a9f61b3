// `exporter`: files of the history, written by the daemon that has it. Names and options are those of
// createDataExporter in src/export; what they mean is said there.
import { resolve } from 'node:path';
import type {
  DataExportProgress,
  DataExportStats,
  ExportConfig,
  TimeLike,
  TrainingDataConfig,
  TrainingDataStats,
} from '../export/index.ts';
import type { DaemonLink } from './daemon-link.ts';
import { optionsError } from './errors.ts';
import { makeCancellable } from './interruptible.ts';
import type { Interruptible } from './interruptible.ts';
import { startProgress } from './progress.ts';
import { resolveRange } from './time-range.ts';
import { toWireNames } from './wire-names.ts';

/** How one export is watched and stopped. */
export interface ExportWatch {
  /** Aborting leaves no file behind. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of an export to files, with the path among them. */
export interface ExportOptions extends ExportConfig, ExportWatch {
  /** A file, or a folder with a final slash; relative to this process's folder. */
  readonly path: string;
  /** @default by the suffix of the path */
  readonly format?: string | undefined;
}

/** Options of a training export, with the path among them. */
export interface TrainingExportOptions extends TrainingDataConfig, ExportWatch {
  readonly path: string;
}

/** What an export wrote. */
export type ExportReport = DataExportStats & {
  readonly kind: 'export-report';
  readonly paths: readonly string[];
  /** Damaged parts of the history, which are not in the files. */
  readonly problems: readonly string[];
};

/** What a training export wrote. */
export type TrainingExportReport = TrainingDataStats & {
  readonly kind: 'export-report';
  readonly paths: readonly string[];
  readonly problems: readonly string[];
};

/** Writes files. An interrupt or `stop()` rejects with `ERR_CLIENT_INTERRUPTED` and leaves no file. */
export interface Exporter {
  /** Writes a range of time. @throws RuvectorError `ERR_EXPORT_*`, `ERR_PREPARE_*`, `ERR_CLIENT_*` */
  exportRange(
    from: TimeLike | undefined,
    to: TimeLike | undefined,
    options: ExportOptions,
  ): Interruptible<ExportReport>;
  /** The same as in the export document. */
  exportRange(
    from: TimeLike | undefined,
    to: TimeLike | undefined,
    format: string | undefined,
    path: string,
    options?: ExportConfig & ExportWatch,
  ): Interruptible<ExportReport>;
  /** Writes the newest hours. @throws as `exportRange` */
  exportRecent(hours: number, options: ExportOptions): Interruptible<ExportReport>;
  exportRecent(
    hours: number,
    format: string | undefined,
    path: string,
    options?: ExportConfig & ExportWatch,
  ): Interruptible<ExportReport>;
  /** Writes features and labels, split by time. @throws as `exportRange`, and `ERR_PREPARE_*` */
  exportTrainingData(options: TrainingExportOptions): Interruptible<TrainingExportReport>;
  exportTrainingData(
    config: TrainingDataConfig,
    path: string,
    options?: ExportWatch,
  ): Interruptible<TrainingExportReport>;
}

/** Creates the exporter of a client. */
export function createClientExporter(link: DaemonLink): Exporter {
  const run = <T extends DataExportStats | TrainingDataStats>(
    call: string,
    request: string,
    { path, signal, ...options }: { path: string; signal?: AbortSignal | undefined },
    buildParams: () => Promise<object>,
  ): Interruptible<T & Marks> => {
    return makeCancellable(call, signal, async (either) => {
      if (typeof path !== 'string') throw optionsError(call, ['path is missing']);
      if (path === '-') throw optionsError(call, ['path is "-", and the daemon writes the file: name one']);
      const params = { ...toWireNames(options), ...(await buildParams()), path: toAbsolute(path) };
      return runExport<T>(link, request, params, either);
    });
  };
  return {
    exportRange: (
      from: TimeLike | undefined,
      to: TimeLike | undefined,
      ...rest: FileArguments
    ): Interruptible<ExportReport> =>
      run('exporter.exportRange', 'export.range', fileOptions(rest), async () =>
        toMsNames(await resolveRange('exporter.exportRange', { from, to })),
      ),
    exportRecent: (hours: number, ...rest: FileArguments): Interruptible<ExportReport> =>
      run('exporter.exportRecent', 'export.recent', fileOptions(rest), async () => ({ hours })),
    exportTrainingData: (
      config: TrainingDataConfig & { path?: string },
      path?: string,
      watch: ExportWatch = {},
    ): Interruptible<TrainingExportReport> => {
      const { start, end, ...options } = { ...config, ...watch };
      const given = { ...options, path: path ?? config.path! };
      return run('exporter.exportTrainingData', 'export.training', given, async () =>
        toMsNames(await resolveRange('exporter.exportTrainingData', { from: start, to: end })),
      );
    },
  };
}

interface Marks {
  readonly kind: 'export-report';
  readonly paths: readonly string[];
  readonly problems: readonly string[];
}

type FileArguments =
  | [ExportOptions]
  | [format: string | undefined, path: string, options?: (ExportConfig & ExportWatch) | undefined];

function fileOptions(given: FileArguments): ExportOptions {
  if (typeof given[0] === 'object') return given[0];
  const [format, path, options] = given;
  return { ...options, ...(format !== undefined && { format }), path: path! };
}

async function runExport<T extends DataExportStats | TrainingDataStats>(
  link: DaemonLink,
  request: string,
  params: object,
  signal: AbortSignal,
): Promise<T & Marks> {
  const bar = startProgress('exporting', 1);
  const onProgress = (progress: unknown): void => {
    const { phase, table, rows, totalRows } = progress as DataExportProgress;
    const share = phase === 'planning' || !totalRows ? 0 : rows / totalRows;
    bar.update(share, `${phase === 'planning' ? 'reading ' : ''}${table}: ${rows.toLocaleString('en')} rows`);
  };
  try {
    const stats = await link.request<T & Omit<Marks, 'kind' | 'paths'>>(request, params, {
      signal,
      onProgress,
    });
    bar.update(1);
    bar.finish(`${stats.rows.toLocaleString('en')} rows, ${stats.bytes.toLocaleString('en')} bytes`);
    const paths = Object.values(stats.tables).map(({ path }) => path);
    return { ...stats, kind: 'export-report', paths: [...new Set(paths)] };
  } catch (error) {
    bar.finish('failed');
    throw error;
  }
}

/** A final slash names a folder: it stays. */
const toAbsolute = (path: string): string => (path.endsWith('/') ? `${resolve(path)}/` : resolve(path));

const toMsNames = ({ fromMs, toMs }: { fromMs?: number; toMs?: number }): object => ({
  ...(fromMs !== undefined && { from_ms: fromMs }),
  ...(toMs !== undefined && { to_ms: toMs }),
});
