// Publications of a home, which each run in a process of their own, and what became of them.
import type { Home } from '../../core/index.ts';
import type { PublishProgress, PublishReport } from '../../export/publish/index.ts';
import { noteJob, readJobNotes } from './job-notes.ts';
import type { JobNote } from './job-notes.ts';

/** One publication. Plain JSON. */
export interface LoggedPublication extends JobNote {
  /** A folder, or `history`. */
  readonly dataset: string;
  readonly target: string;
  /** Null before the first step. */
  readonly progress: PublishProgress | null;
  readonly result: PublicationResult | null;
}

/** What was published. */
export interface PublicationResult {
  readonly name: string;
  readonly version: string;
  readonly change: PublishReport['change'];
  readonly rows: number;
  readonly sizeBytes: number;
  readonly isAnonymized: boolean;
  /** That was reached; null where nobody could be told apart. */
  readonly k: number | null;
  readonly isSigned: boolean;
}

const FOLDER = 'publications';

/** Runs a publication and notes what becomes of it; rejects as `run` does. */
export const watchPublication = <Report extends PublishReport>(
  home: Home,
  what: Pick<LoggedPublication, 'dataset' | 'target'>,
  run: (onProgress: (progress: PublishProgress) => void) => Promise<Report>,
): Promise<Report> =>
  noteJob<LoggedPublication, Report>(home, {
    folder: FOLDER,
    begun: { ...what, progress: null, result: null },
    run: (note) => run((progress) => note({ progress })),
    resultOf: (report) => ({ result: resultOf(report) }),
  });

function resultOf({
  name,
  version,
  change,
  tables,
  sizeBytes,
  privacy,
  keyFingerprint,
}: PublishReport): PublicationResult {
  const counts = Object.values(tables).flatMap((splits) => Object.values(splits));
  return {
    name,
    version,
    change,
    rows: counts.reduce((sum, count) => sum + count, 0),
    sizeBytes,
    isAnonymized: privacy.anonymized,
    k: privacy.k ?? null,
    isSigned: keyFingerprint !== null,
  };
}

/** All that are known, the newest first. */
export const readPublications = (home: Home): Promise<LoggedPublication[]> => readJobNotes(home, FOLDER);
