// Exports of a home, of its daemon and of the command line: what runs and how far it is, and what became of the last ones.
import { resolve } from 'node:path';
import type { Home } from '../../core/index.ts';
import type { DataExportProgress } from '../../export/index.ts';
import type { ExportJob, ExportResult } from './export-job.ts';
import { noteJob, readJobNotes } from './job-notes.ts';
import type { JobNote } from './job-notes.ts';

/** One export. Plain JSON. */
export interface LoggedExport extends JobNote {
  readonly type: ExportJob['type'];
  /** Absolute; `-` for standard output. */
  readonly path: string;
  readonly isAnonymized: boolean;
  /** Null before the first step. */
  readonly progress: DataExportProgress | null;
}

const FOLDER = 'export-notes';

/** Runs an export and notes what becomes of it; rejects as `run` does. */
export const watchExport = (
  home: Home,
  { type, path, config }: ExportJob,
  onProgress: (progress: DataExportProgress) => void,
  run: (onProgress: (progress: DataExportProgress) => void) => Promise<ExportResult>,
): Promise<ExportResult> =>
  noteJob<LoggedExport, ExportResult>(home, {
    folder: FOLDER,
    begun: {
      type,
      path: path === '-' ? path : resolve(path),
      isAnonymized: config.anonymize ?? true,
      progress: null,
    },
    run: (note) =>
      run((progress) => {
        note({ progress });
        onProgress(progress);
      }),
  });

/** All that are known, the newest first. */
export const readExports = (home: Home): Promise<LoggedExport[]> => readJobNotes(home, FOLDER);
