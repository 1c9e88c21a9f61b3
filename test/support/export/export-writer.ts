// A child process that exports hostile rows: `export-writer.ts <format> <compression> <path> <rows>
// [resume|afresh] [pauseMs]`. Prints "reading" when it reads its first batch, and its statistics, or the
// code of its error, as the last line.
import { setTimeout as sleep } from 'node:timers/promises';
import { isRuvectorError } from '../../../src/core/index.ts';
import type { Compression, ExportFormat } from '../../../src/export/file-contract.ts';
import { writeTables } from '../../../src/export/write-tables.ts';
import { buildEndlessTable } from './export-tables.ts';

const [format, compression, path = '', rows, resume, pauseMs = '0'] = process.argv.slice(2);
const table = buildEndlessTable(Number(rows));
try {
  const stats = await writeTables({
    tables: [
      {
        ...table,
        open: async function* (skipRows, signal) {
          process.stdout.write('reading\n');
          for await (const batch of table.open(skipRows, signal)) {
            yield batch;
            await sleep(Number(pauseMs));
          }
        },
      },
    ],
    format: format as ExportFormat,
    compression: compression as Compression,
    path,
    resume: resume === 'resume',
    fingerprint: 'kill',
    secretState: 'secret',
  });
  process.stdout.write(`${JSON.stringify(stats)}\n`);
} catch (error) {
  process.stdout.write(`${JSON.stringify({ code: isRuvectorError(error) ? error.code : String(error) })}\n`);
}
