// Rows of one table from their source into a writer, with progress and checkpoints.
import type { TableSource } from './file-contract.ts';
import type { ProgressMeter } from './progress-meter.ts';
import type { TableWriter, WriterStart } from './table-writer.ts';

/** Time between two checkpoints. */
const CHECKPOINT_MS = 1000;

/** How a table is watched and stopped. */
export interface PumpOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called each second with how far the file is, durably; unset where nothing can be taken up again. */
  readonly onCheckpoint?: ((start: WriterStart) => Promise<void>) | undefined;
}

/** Writes a table to its end. @returns its rows, those that were skipped among them */
export async function pumpTable(
  table: TableSource,
  writer: TableWriter,
  skipRows: number,
  meter: ProgressMeter,
  { signal = new AbortController().signal, onCheckpoint }: PumpOptions,
): Promise<number> {
  let rows = skipRows;
  let savedMs = performance.now();
  try {
    for await (const batch of table.open(skipRows, signal)) {
      signal.throwIfAborted();
      await writer.write(batch);
      rows += batch.numRows;
      meter.add(table.name, batch.numRows);
      if (!onCheckpoint || performance.now() - savedMs < CHECKPOINT_MS) continue;
      await onCheckpoint(await writer.checkpoint());
      savedMs = performance.now();
    }
    signal.throwIfAborted();
    await writer.finish();
  } catch (error) {
    await writer.abort();
    throw error;
  }
  return rows;
}
