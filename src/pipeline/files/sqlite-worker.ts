// Thread entry: the tables of one SQLite file, off the thread that samples.
import { parentPort, workerData } from 'node:worker_threads';
import * as arrow from 'apache-arrow';
import { DatabaseFile } from './sqlite-database.ts';
import type { DatabaseAnswer, DatabaseJob } from './sqlite-thread.ts';

const port = parentPort!;
let database: DatabaseFile | null = null;

/** Jobs are done one after the other. */
let last = Promise.resolve();

port.on('message', (message: { id: number; job: DatabaseJob }) => {
  last = last.then(() => answer(message));
});

async function answer({ id, job }: { id: number; job: DatabaseJob }): Promise<void> {
  try {
    // Opened by the first job, which hears why it cannot be.
    await run((database ??= new DatabaseFile(workerData as string)), job);
    port.postMessage({ id } satisfies DatabaseAnswer);
  } catch (error) {
    port.postMessage({ id, error: describe(error) } satisfies DatabaseAnswer);
  }
}

async function run(file: DatabaseFile, job: DatabaseJob): Promise<void> {
  switch (job.kind) {
    case 'table':
      file.startTable(job.table, job.schema && arrow.tableFromIPC(job.schema).schema);
      break;
    case 'insert':
      await file.insertFile(job.path);
      break;
    case 'finish':
      file.finishTable();
      break;
    case 'close':
      file.close();
  }
}

function describe(error: unknown): { message: string; systemCode: string | null } {
  if (!(error instanceof Error)) return { message: String(error), systemCode: null };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : null;
  return { message: error.message, systemCode: code };
}
