// The Arrow IPC file format. The footer comes last, so an interrupted file is started anew.
// https://arrow.apache.org/docs/format/Columnar.html#ipc-file-format
import type { FileHandle } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import * as arrow from 'apache-arrow';
import { writeAll } from './table-writer.ts';
import type { TableWriter } from './table-writer.ts';

/** Writes an Arrow IPC file to an open file. */
export function createArrowWriter(file: FileHandle, schema: arrow.Schema): TableWriter {
  const writer = new arrow.RecordBatchFileWriter({ autoDestroy: false });
  writer.reset(undefined, schema);
  const chunks = writer[Symbol.asyncIterator]();
  const pump = (async (): Promise<void> => {
    for (;;) {
      const { done, value } = await chunks.next();
      if (done) return;
      await writeAll(file, value);
    }
  })();
  return {
    write: async (batch) => {
      writer.write(batch);
      // Lets the pump take it: the writer itself never waits.
      await nextTurn();
    },
    finish: async () => {
      writer.finish();
      writer.close();
      await pump;
      await file.sync();
      await file.close();
    },
    abort: async () => {
      writer.abort();
      await file.close();
    },
  };
}
