// One table into a pipe, a device or standard output: the bytes go as they come, nothing is kept beside them,
// and what the other side took of an export that failed is its own.
import { openSink } from '../files/index.ts';
import { createFileFormat } from './chunk-formats.ts';
import type { FileFormat } from './chunk-formats.ts';
import { ChunkWriter } from './chunk-writer.ts';
import type { EncodePool } from './encode-pool.ts';
import { streamError } from './errors.ts';
import type { Compression, ExportFormat, ExportStats, WriteTablesRequest } from './file-contract.ts';
import type { ExportTarget } from './plan-targets.ts';
import { ProgressMeter } from './progress-meter.ts';
import { pumpTable } from './pump-table.ts';

/** True when a terminal cannot show it. */
export function isBinaryFormat(format: ExportFormat, compression: Compression | undefined): boolean {
  const isText = format === 'csv' || format === 'json' || format === 'jsonl';
  return !isText || (compression !== undefined && compression !== 'none');
}

/** Writes the table. @throws what opening and writing the stream throw; the signal's reason when aborted */
export async function streamTable(
  request: WriteTablesRequest,
  { table, destination, path }: ExportTarget,
  pool: EncodePool,
): Promise<Omit<ExportStats, 'ms' | 'rowsPerSecond'>> {
  const { format, compression, signal, onWait } = request;
  const isBinary = isBinaryFormat(format, compression);
  const sink = await openSink(destination, { signal, onWait, isBinary });
  let bytes = 0;
  const out = {
    sync: async () => sink.sync(),
    close: async () => sink.close(),
    write: async (piece: Uint8Array) => {
      await sink.write(piece);
      bytes += piece.byteLength;
    },
  };
  const start = { rows: 0, bytes: 0 };
  const options = { out, isStream: true, schema: table.schema, start, pool, compression };
  const writer = new ChunkWriter(createFileFormat(format as FileFormat, options), start);
  const rows = await pumpTable(table, writer, 0, new ProgressMeter(request), { signal }).catch(
    (error: unknown) => {
      throw signal?.aborted ? error : streamError(path, error);
    },
  );
  return { rows, bytes, tables: { [table.name]: { rows, path } }, resumedRows: 0, notes: [] };
}
