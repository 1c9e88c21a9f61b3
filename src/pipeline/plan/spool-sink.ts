// Where stages of batches hand their rows to a plan: an Arrow file that the plan scans.
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { finished } from 'node:stream/promises';
import * as arrow from 'apache-arrow';
import type { Batch, Sink } from '../contract.ts';
import { changedColumnsError, unwritableSinkError } from './errors.ts';

/**
 * Writes batches into a temporary file.
 * @param schema of the file when no batch comes
 */
export function createSpoolSink(path: string, schema: arrow.Schema): Sink {
  const writer = new arrow.RecordBatchFileWriter();
  const bytes = writer.toNodeStream();
  const file = createWriteStream(path);
  const written = finished(bytes.pipe(file)).catch((error: unknown) => {
    throw unwritableSinkError(path, error instanceof Error ? error.message : String(error), error);
  });
  written.catch(() => undefined); // It is waited for in `consume` and `finish`.
  let first: arrow.Schema | null = null;
  return {
    consume: async (batch: Batch) => {
      // The writer ends a file without a word when columns change.
      if (first && !haveSameColumns(first, batch.schema)) throw changedColumnsError(first, batch.schema);
      first ??= batch.schema;
      writer.write(batch);
      if (file.writableNeedDrain) await Promise.race([once(file, 'drain'), written]);
      if (file.errored) await written;
    },
    flush: async () => undefined,
    memoryUsage: () => file.writableLength,
    finish: async () => {
      if (!first) writer.reset(undefined, schema);
      writer.finish();
      await written;
    },
    abort: async () => {
      file.destroy();
      await rm(path, { force: true });
    },
  };
}

const haveSameColumns = (left: arrow.Schema, right: arrow.Schema): boolean =>
  left === right || arrow.util.compareSchemas(left, right);
