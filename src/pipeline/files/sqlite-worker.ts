// Thread entry: the tables of one SQLite file, off the thread that samples.
import { parentPort, workerData } from 'node:worker_threads';
import * as arrow from 'apache-arrow';
import { DatabaseFile } from './sqlite-database.ts';
import type { DatabaseAnswer, DatabaseJob } from './sqlite-thread.ts';

const port = parentPort!;
let database: DatabaseFile | null = null;

port.on('message', ({ id, job }: { id: number; job: DatabaseJob }) => {
  try {
    // Opened by the first job, which hears why it cannot be.
    run((database ??= new DatabaseFile(workerData as string)), job);
    port.postMessage({ id } satisfies DatabaseAnswer);
  } catch (error) {
    port.postMessage({ id, error: describe(error) } satisfies DatabaseAnswer);
  }
});

function run(file: DatabaseFile, job: DatabaseJob): void {
  switch (job.kind) {
    case 'table':
      file.startTable(job.table, job.schema && arrow.tableFromIPC(job.schema).schema);
      break;
    case 'insert':
      file.insertFile(job.path);
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
