// Thread entry: chunks of rows → bytes of a format, or rows of a SQLite database, off the thread that samples.
// Each encoder is loaded when it is first needed: all of them take longer than a small export.
import { parentPort } from 'node:worker_threads';
import type { DatabaseJob, EncodeAnswer, EncodeJob } from './encode-pool.ts';
import type { DatabaseFile } from './sqlite-database.ts';

const port = parentPort!;
let database: DatabaseFile | null = null;

/** The job before: jobs run in order, also while an encoder is loaded. */
let last: Promise<void> = Promise.resolve();

port.on('message', ({ id, job }: { id: number; job: EncodeJob }) => {
  last = last.then(() => answer(id, job));
});

async function answer(id: number, job: EncodeJob): Promise<void> {
  try {
    const bytes = await run(job);
    // A copy of its own, unless it has its memory for itself: what is sent is gone on this side.
    const isOwn = bytes.byteLength > 0 && bytes.byteLength === bytes.buffer.byteLength;
    const own = (isOwn ? bytes : new Uint8Array(bytes)) as Uint8Array<ArrayBuffer>;
    port.postMessage({ id, bytes: own } satisfies EncodeAnswer, [own.buffer]);
  } catch (error) {
    port.postMessage({ id, error: describe(error) } satisfies EncodeAnswer);
  }
}

const nothing = new Uint8Array(0);

async function run(job: EncodeJob): Promise<Uint8Array> {
  if (job.kind === 'text') return (await import('./encode-text-chunk.ts')).encodeTextChunk(job);
  if (job.kind === 'text-end') return (await import('./encode-text-chunk.ts')).encodeTextEnd(job);
  if (job.kind === 'parquet') return (await import('./encode-parquet-chunk.ts')).encodeParquetChunk(job);
  if (job.kind === 'database-open') {
    database = new (await import('./sqlite-database.ts')).DatabaseFile(job.path);
  } else runDatabase(job);
  return nothing;
}

function runDatabase(job: Exclude<DatabaseJob, { kind: 'database-open' }>): void {
  switch (job.kind) {
    case 'database-table':
      database!.startTable(job.table, job.ddl, job.rows);
      break;
    case 'database-insert':
      database!.insert(job.ipc);
      break;
    case 'database-commit':
      database!.commit();
      break;
    case 'database-finish':
      database!.finishTable(job.index);
      break;
    case 'database-close':
      database?.close(job.isWhole);
      database = null;
  }
}

function describe(error: unknown): { message: string; systemCode: string | null } {
  if (!(error instanceof Error)) return { message: String(error), systemCode: null };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : null;
  return { message: error.message, systemCode: code };
}
