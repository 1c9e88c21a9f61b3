// One export as data, and running it on a home: the command line runs it in its own process, the daemon
// in a child process (export-service.ts). The history is opened read-only either way.
import { setFlagsFromString } from 'node:v8';
import { createDataExporter } from '../../export/index.ts';
import type {
  DataExportProgress,
  DataExportStats,
  DataExporter,
  ExportConfig,
  TimeLike,
  TrainingDataConfig,
  TrainingDataStats,
} from '../../export/index.ts';
import type { FeatureSpec } from '../../prepare/index.ts';
import { openHistory } from '../../store/index.ts';

/** What to export. Plain data: it travels to a child process. */
export type ExportJob =
  | {
      readonly type: 'range';
      readonly start?: TimeLike | undefined;
      readonly end?: TimeLike | undefined;
      readonly format?: string | undefined;
      readonly path: string;
      readonly config: ExportConfig;
    }
  | {
      readonly type: 'recent';
      readonly hours: number;
      readonly format?: string | undefined;
      readonly path: string;
      readonly config: ExportConfig;
    }
  | { readonly type: 'training'; readonly path: string; readonly config: TrainingDataConfig };

/** Whose history, and how its features are computed. Plain data. */
export interface ExportHost {
  readonly historyDirectory: string;
  readonly spec: FeatureSpec;
  readonly horizonMs: number;
  /** False in a daemon: the descriptors of the one who asks are not its own. @default true */
  readonly hasDescriptors?: boolean | undefined;
}

/** How an export is watched and stopped. */
export interface ExportJobWatch {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: DataExportProgress) => void) | undefined;
}

/** What any job wrote, and what it could not read. */
export type ExportResult = (DataExportStats | TrainingDataStats) & {
  /** Damaged parts of the history, which are not in the files; one sentence each. */
  readonly problems: readonly string[];
};

/** Runs a job to its end. @throws RuvectorError `ERR_STORE_NOT_FOUND`, and what the exporter throws */
export async function runExportJob(
  host: ExportHost,
  job: ExportJob,
  watch: ExportJobWatch = {},
): Promise<ExportResult> {
  if (isNative(job)) keepHeapSmall();
  await using history = await openHistory(host.historyDirectory, { readOnly: true });
  const { spec, horizonMs, hasDescriptors } = host;
  const exporter = createDataExporter({ source: history, spec, horizonMs, hasDescriptors });
  // Awaited here: the history must stay open until the export is done.
  const written = await exportWith(exporter, job, watch);
  return { ...written, problems: history.problems.map(({ message }) => message) };
}

/** Its rows do not pass through JavaScript. */
const isNative = (job: ExportJob): boolean => job.type !== 'training' && job.format !== 'sqlite';

/**
 * V8 collects garbage early rather than let its heap grow: 80 MB less at the peak, for no more time where plans do the
 * work. The process is there for the job alone.
 */
function keepHeapSmall(): void {
  setFlagsFromString('--optimize-for-size');
}

function exportWith(
  exporter: DataExporter,
  job: ExportJob,
  watch: ExportJobWatch,
): Promise<DataExportStats | TrainingDataStats> {
  if (job.type === 'training') return exporter.exportTrainingData(job.config, job.path, watch);
  const options = { ...job.config, ...watch };
  return job.type === 'recent'
    ? exporter.exportRecent(job.hours, job.format, job.path, options)
    : exporter.exportRange(job.start, job.end, job.format, job.path, options);
}
