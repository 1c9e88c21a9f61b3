// Exports rows that are made as they are read and prints by how many MB this process grew:
// `export-memory.ts <format> <directory> <rows>`.
import { join } from 'node:path';
import { buildBatchTable } from '../../../src/export/batch-table.ts';
import { writeTables } from '../../../src/export/write-tables.ts';
import type { ExportFormat } from '../../../src/export/file-contract.ts';
import { processBatches, processSchema } from './process-batches.ts';

const [format, directory, rows] = process.argv.slice(2) as [ExportFormat, string, string];
const MB = 1e6;
const SAMPLE_MS = 50;

/** A first export of some rows loads everything that stays loaded. */
const exportRows = async (count: number): Promise<void> => {
  const table = buildBatchTable({
    name: 'process',
    schema: processSchema,
    open: async function* () {
      yield* processBatches(count);
    },
  });
  await writeTables({ tables: [table], format, path: join(directory, `rows.${format}`) });
};

await exportRows(500_000);
const before = process.memoryUsage.rss();
let peak = before;
const timer = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), SAMPLE_MS);
await exportRows(Number(rows));
clearInterval(timer);
process.stdout.write(String((Math.max(peak, process.memoryUsage.rss()) - before) / MB));
