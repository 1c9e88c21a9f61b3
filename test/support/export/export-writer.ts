// A child process that exports hostile rows: `export-writer.ts <format> <compression> <path> <rows> [pauseMs]`. Prints "reading" when it reads its first batch, and its statistics, or the
// code of its error, as the last line.
import { setTimeout as sleep } from 'node:timers/promises';
import { isRuvectorError } from '../../../src/core/index.ts';
import { buildBatchTable } from '../../../src/export/batch-table.ts';
import type { Compression, ExportFormat } from '../../../src/export/file-contract.ts';
import { writeTables } from '../../../src/export/write-tables.ts';
import { endlessBatches } from './export-tables.ts';

const [format, compression, path = '', rows, pauseMs = '0'] = process.argv.slice(2);
const batches = endlessBatches(Number(rows));
try {
  const stats = await writeTables({
    tables: [
      buildBatchTable({
        ...batches,
        open: async function* (signal) {
          process.stdout.write('reading\n');
          for await (const batch of batches.open(signal)) {
            yield batch;
            await sleep(Number(pauseMs));
          }
        },
      }),
    ],
    format: format as ExportFormat,
    compression: compression as Compression,
    path,
  });
  process.stdout.write(`${JSON.stringify(stats)}\n`);
} catch (error) {
  process.stdout.write(`${JSON.stringify({ code: isRuvectorError(error) ? error.code : String(error) })}\n`);
}
