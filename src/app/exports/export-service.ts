// Exports of a running host: each in a thread of its own over the history read-only, so that decoding
// and writing millions of rows never delays a sample.
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { ExportHost, ExportJob, ExportResult, ExportJobWatch } from './export-job.ts';
import type { ExportWorkerData, ExportWorkerMessage } from './export-worker.ts';
import { exportCrashedError, exportFailedError } from '../errors.ts';

const workerUrl = new URL(`./export-worker${extname(import.meta.filename)}`, import.meta.url);

/**
 * Runs a job in a thread. What was appended before the call must be flushed.
 * @throws RuvectorError what the job throws, by its code; `ERR_EXPORT_CRASHED` when the thread ends without an answer
 */
export function runExportInThread(
  host: ExportHost,
  job: ExportJob,
  { signal, onProgress }: ExportJobWatch = {},
): Promise<ExportResult> {
  const data: ExportWorkerData = { host, job };
  const worker = new Worker(workerUrl, { workerData: data, execArgv: [], name: 'ruvector-export' });
  const cancel = (): void => worker.postMessage('cancel', []);
  if (signal?.aborted) cancel();
  signal?.addEventListener('abort', cancel, { once: true });
  return new Promise<ExportResult>((resolve, reject) => {
    worker.on('message', (message: ExportWorkerMessage) => {
      if (message.type === 'progress') onProgress?.(message.progress);
      else if (message.type === 'done') resolve(message.result);
      else reject(exportFailedError(message));
    });
    worker.once('error', (error) => reject(exportCrashedError(job.path, error)));
    // After an answer this rejects a settled promise: nothing happens.
    worker.once('exit', (code) =>
      reject(exportCrashedError(job.path, new Error(`the thread ended with code ${code}`))),
    );
  }).finally(() => signal?.removeEventListener('abort', cancel));
}
