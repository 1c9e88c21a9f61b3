// The exports of a daemon's life: what runs and how far it is, and what became of the last ones.
import { randomUUID } from 'node:crypto';
import { messageOf } from '../../core/index.ts';
import type { DataExportProgress } from '../../export/index.ts';
import type { ExportJob, ExportResult } from './export-job.ts';

/** One export. Plain JSON. */
export interface LoggedExport {
  readonly id: string;
  readonly type: ExportJob['type'];
  readonly path: string;
  readonly isAnonymized: boolean;
  readonly startedMs: number;
  readonly state: 'running' | 'done' | 'failed';
  readonly endedMs: number | null;
  /** Null before the first step. */
  readonly progress: DataExportProgress | null;
  readonly error: string | null;
}

/** Told of each step. */
type OnProgress = (progress: DataExportProgress) => void;

/** The exports of one host. */
export interface ExportLog {
  /** Runs an export and notes what becomes of it; rejects as `run` does. */
  watch(
    job: ExportJob,
    onProgress: (progress: unknown) => void,
    run: (onProgress: OnProgress) => Promise<ExportResult>,
  ): Promise<ExportResult>;
  /** The newest first. */
  list(): readonly LoggedExport[];
}

const MAX_EXPORTS = 50;

/** Creates an empty log. */
export function createExportLog(): ExportLog {
  const entries = new Map<string, LoggedExport>();
  const change = (id: string, news: Partial<LoggedExport>): void => {
    const entry = entries.get(id);
    if (entry) entries.set(id, { ...entry, ...news });
  };
  const begin = ({ type, path, config }: ExportJob): string => {
    const id = randomUUID();
    const none = { endedMs: null, progress: null, error: null };
    const isAnonymized = config.anonymize ?? true;
    entries.set(id, { id, type, path, isAnonymized, startedMs: Date.now(), state: 'running', ...none });
    const ended = [...entries.values()].filter(({ state }) => state !== 'running');
    for (const old of ended.slice(0, Math.max(0, entries.size - MAX_EXPORTS))) entries.delete(old.id);
    return id;
  };
  return {
    async watch(job, onProgress, run) {
      const id = begin(job);
      try {
        const result = await run((progress) => {
          change(id, { progress });
          onProgress(progress);
        });
        change(id, { state: 'done', endedMs: Date.now() });
        return result;
      } catch (error) {
        change(id, { state: 'failed', endedMs: Date.now(), error: messageOf(error) });
        throw error;
      }
    },
    list: () => [...entries.values()].toReversed(),
  };
}
