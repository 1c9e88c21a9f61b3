// Process entry: one export, away from the process that samples. Takes its task as the first message, sends progress,
// then the result or the error, and ends, as it does when the daemon goes away.
import { constants, setPriority } from 'node:os';
import { isRuvectorError, messageOf } from '../../core/index.ts';
import { runExportJob } from './export-job.ts';
import type { ExportHost, ExportJob, ExportResult } from './export-job.ts';
import type { DataExportProgress } from '../../export/index.ts';

/** What the process is to do. */
export interface ExportChildTask {
  readonly host: ExportHost;
  readonly job: ExportJob;
}

/** What the process says. */
export type ExportChildMessage =
  | { readonly type: 'progress'; readonly progress: DataExportProgress }
  | { readonly type: 'done'; readonly result: ExportResult }
  | {
      readonly type: 'failed';
      readonly code: string | null;
      readonly message: string;
      readonly details: Readonly<Record<string, unknown>>;
    };

const PROGRESS_EVERY_MS = 100;

const abort = new AbortController();
let isStarted = false;

process.on('message', (message: ExportChildTask | 'cancel') => {
  if (message === 'cancel') abort.abort();
  else if (!isStarted) {
    isStarted = true;
    void run(message);
  }
});
// Nobody waits for the file any more: nothing of it stays.
process.once('disconnect', () => {
  abort.abort();
  if (!isStarted) process.exit();
});

/** The process that samples goes first. */
function yieldToSampling(): void {
  try {
    setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // Not permitted: both share the processors evenly.
  }
}

/** Says something; resolves when it is on its way, or nobody listens. */
function send(message: ExportChildMessage): Promise<void> {
  return new Promise((resolve) => {
    if (process.connected) process.send!(message, undefined, {}, () => resolve());
    else resolve();
  });
}

async function run({ host, job }: ExportChildTask): Promise<void> {
  yieldToSampling();
  let toldMs = -Infinity;
  const onProgress = (progress: DataExportProgress): void => {
    if (performance.now() - toldMs < PROGRESS_EVERY_MS) return;
    toldMs = performance.now();
    void send({ type: 'progress', progress });
  };
  try {
    const result = await runExportJob(host, job, { signal: abort.signal, onProgress });
    await send({ type: 'done', result });
  } catch (error) {
    const isKnown = isRuvectorError(error);
    await send({
      type: 'failed',
      code: isKnown ? error.code : null,
      message: messageOf(error),
      details: isKnown ? (JSON.parse(JSON.stringify(error.details)) as Record<string, unknown>) : {},
    });
  }
  // A plan that still runs ends with it.
  process.exit();
}
