// A child process that exports rows and tells its parent by how much its resident memory grew at most:
// `export-memory.ts <format> <rows>`. The batches it exports are made before and reused.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExportFormat } from '../../src/export/index.ts';
import { writeTables } from '../../src/export/write-tables.ts';
import { buildProcessBatches, buildProcessTable } from './export-batches.ts';

const POLL_MS = 20;

const [format = '', rows = ''] = process.argv.slice(2);
const batches = buildProcessBatches(16);
const folder = await mkdtemp(join(tmpdir(), 'ruvector-export-memory-'));
try {
  const before = process.memoryUsage.rss();
  let peak = before;
  const timer = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), POLL_MS);
  await writeTables({
    tables: [buildProcessTable(batches, Number(rows))],
    format: format as ExportFormat,
    path: join(folder, `data.${format}`),
    fingerprint: 'memory',
  });
  clearInterval(timer);
  process.send!({ growthMb: (peak - before) / 1e6 });
} finally {
  await rm(folder, { recursive: true, force: true });
  process.disconnect();
}
