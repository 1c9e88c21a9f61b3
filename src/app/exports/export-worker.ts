// Thread entry: one export, away from the thread that samples. Sends progress, then the result or the error.
import { readlinkSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { isRuvectorError, messageOf } from '../../core/index.ts';
import { runExportJob } from './export-job.ts';
import type { ExportHost, ExportJob, ExportResult } from './export-job.ts';
import type { DataExportProgress } from '../../export/index.ts';

/** What the thread is started with. */
export interface ExportWorkerData {
  readonly host: ExportHost;
  readonly job: ExportJob;
}

/** What the thread says. */
export type ExportWorkerMessage =
  | { readonly type: 'progress'; readonly progress: DataExportProgress }
  | { readonly type: 'done'; readonly result: ExportResult }
  | {
      readonly type: 'failed';
      readonly code: string | null;
      readonly message: string;
      readonly details: Readonly<Record<string, unknown>>;
    };

const PROGRESS_EVERY_MS = 100;

const { host, job } = workerData as ExportWorkerData;
const port = parentPort!;
const abort = new AbortController();
// The only message there is: cancel.
port.once('message', () => abort.abort());

/** The thread that samples goes first. On Linux a thread has a priority of its own. */
function yieldToSampling(): void {
  try {
    const threadId = Number(readlinkSync('/proc/thread-self').split('/').at(-1));
    setPriority(threadId, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // Not Linux: both threads share the processors evenly.
  }
}

const send = (message: ExportWorkerMessage): void => port.postMessage(message);
let toldMs = -Infinity;

yieldToSampling();
try {
  const result = await runExportJob(host, job, {
    signal: abort.signal,
    onProgress: (progress) => {
      if (performance.now() - toldMs < PROGRESS_EVERY_MS) return;
      toldMs = performance.now();
      send({ type: 'progress', progress });
    },
  });
  send({ type: 'done', result });
} catch (error) {
  const isKnown = isRuvectorError(error);
  send({
    type: 'failed',
    code: isKnown ? error.code : null,
    message: messageOf(error),
    details: isKnown ? (JSON.parse(JSON.stringify(error.details)) as Record<string, unknown>) : {},
  });
} finally {
  port.close();
}
