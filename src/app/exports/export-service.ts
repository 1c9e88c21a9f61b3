// Exports of a running host: each in a process of its own over the history read-only, so that decoding and writing
// millions of rows never delays a sample, its memory goes back with it, and a cancelled plan ends with it.
import { fork } from 'node:child_process';
import { extname, join } from 'node:path';
import type { ExportHost, ExportJob, ExportResult, ExportJobWatch } from './export-job.ts';
import type { ExportChildMessage, ExportChildTask } from './export-child.ts';
import { exportCrashedError, exportFailedError } from '../errors.ts';

const childPath = join(import.meta.dirname, `export-child${extname(import.meta.filename)}`);

/**
 * Runs a job in a child process. What was appended before the call must be flushed.
 * @throws RuvectorError what the job throws, by its code; `ERR_EXPORT_CRASHED` when the child ends without an answer
 */
export function runExportInChild(
  host: ExportHost,
  job: ExportJob,
  { signal, onProgress }: ExportJobWatch = {},
): Promise<ExportResult> {
  const child = fork(childPath, [], {
    execArgv: [],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  // It ends when it is disconnected; a message that it hears no more is no failure of ours.
  const send = (message: ExportChildTask | 'cancel'): void => void child.send(message, () => {});
  const cancel = (): void => send('cancel');
  send({ host, job });
  if (signal?.aborted) cancel();
  signal?.addEventListener('abort', cancel, { once: true });
  return new Promise<ExportResult>((resolve, reject) => {
    child.on('message', (message: ExportChildMessage) => {
      if (message.type === 'progress') onProgress?.(message.progress);
      else if (message.type === 'done') resolve(message.result);
      else reject(exportFailedError(message));
    });
    child.once('error', (error) => reject(exportCrashedError(job.path, error)));
    // After an answer this rejects a settled promise: nothing happens.
    child.once('exit', (code, killedBy) => {
      const end = killedBy === null ? `ended with code ${code}` : `was ended by ${killedBy}`;
      reject(exportCrashedError(job.path, new Error(`the process ${end}`)));
    });
  }).finally(() => signal?.removeEventListener('abort', cancel));
}
