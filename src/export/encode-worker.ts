// Thread entry: chunks of rows → bytes of a format, or rows of a SQLite database. Native encoders do the
// work (Polars, zlib, SQLite); this thread keeps them off the one that samples.
import { parentPort } from 'node:worker_threads';
import { RuvectorError, messageOf, systemCodeOf } from '../core/index.ts';
import type { DatabaseJob, EncodeAnswer, EncodeJob } from './encode-pool.ts';
import { encodeParquetChunk } from './encode-parquet-chunk.ts';
import { compress, encodeTextChunk } from './encode-text-chunk.ts';
import { DatabaseFile } from './sqlite-database.ts';

const port = parentPort!;
let database: DatabaseFile | null = null;

port.on('message', ({ id, job }: { id: number; job: EncodeJob }) => {
  try {
    const bytes = run(job);
    // A copy of its own, unless it has its memory for itself: what is sent is gone on this side.
    const isOwn = bytes.byteLength > 0 && bytes.byteLength === bytes.buffer.byteLength;
    const own = (isOwn ? bytes : new Uint8Array(bytes)) as Uint8Array<ArrayBuffer>;
    port.postMessage({ id, bytes: own } satisfies EncodeAnswer, [own.buffer]);
  } catch (error) {
    port.postMessage({ id, error: describe(error) } satisfies EncodeAnswer);
  }
});

const nothing = new Uint8Array(0);

function run(job: EncodeJob): Uint8Array {
  if (job.kind === 'text') return encodeTextChunk(job);
  if (job.kind === 'text-end') return compress(Buffer.from(']\n'), job.compression);
  if (job.kind === 'parquet') return encodeParquetChunk(job);
  runDatabase(job);
  return nothing;
}

function runDatabase(job: DatabaseJob): void {
  switch (job.kind) {
    case 'database-open':
      database = new DatabaseFile(job.path);
      break;
    case 'database-table':
      database!.openTable(job.table, job.ddl, job.rows);
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
  const code = error instanceof RuvectorError ? error.code : (systemCodeOf(error) ?? null);
  return { message: messageOf(error), systemCode: code };
}
