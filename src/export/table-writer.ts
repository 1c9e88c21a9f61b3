// The contract of what writes one table to one file, batch by batch.
import type { FileHandle } from 'node:fs/promises';
import type { BatchSink } from '../core/index.ts';
import { writeAll } from '../files/index.ts';
import type { ByteSink } from '../files/index.ts';

/** Where a writer goes on: 0 rows at the start. */
export interface WriterStart {
  readonly rows: number;
  /** Length of the file that counts. */
  readonly bytes: number;
  /** As the writer's own checkpoint gave it. */
  readonly state?: unknown;
}

/** Writes one table. */
export interface TableWriter extends BatchSink {
  /** Makes every row so far durable and says how to go on after them. */
  checkpoint(): Promise<WriterStart>;
}

/** An open file as what formats write to. */
export function createFileSink(file: FileHandle): ByteSink {
  return {
    write: async (bytes) => writeAll(file, bytes),
    sync: async () => file.sync(),
    close: async () => file.close(),
  };
}
