// A child process that writes a long history and exports it, each alone so that its memory can be told:
//   clock-history.ts write <directory> <rows> <straight | stepped>
//   clock-history.ts export <directory> <path>    prints {"rows", "peakMib"}
// `stepped` has one row from 2030, one from 1970 and an hour that a clock set back by two hours wrote.
import { readFileSync } from 'node:fs';
import { createDataExporter } from '../../src/export/index.ts';
import { openHistory } from '../../src/store/index.ts';
import type { MemorySnapshot } from '../../src/core/index.ts';
import { pressuredSnapshots } from './memory-rows.ts';

const HOUR_ROWS = 3600;

/** The time a row claims, given the second it was written in. */
function claimedMs(timestamp: number, row: number): number {
  if (row === 50_000) return Date.UTC(2030, 0, 1);
  if (row === 100_000) return 0;
  const isBack = row >= 150_000 && row < 150_000 + HOUR_ROWS;
  return isBack ? timestamp - 2 * 3_600_000 : timestamp;
}

async function write(directory: string, rows: number, isStepped: boolean): Promise<void> {
  const all = pressuredSnapshots(rows).map(
    (row, i): MemorySnapshot => (isStepped ? { ...row, timestamp: claimedMs(row.timestamp, i) } : row),
  );
  await using history = await openHistory(directory, { retainMs: Infinity, retainBytes: Infinity });
  for (let at = 0; at < all.length; at += HOUR_ROWS) {
    history.append('memory', all.slice(at, at + HOUR_ROWS));
    if (at + HOUR_ROWS < all.length) await history.seal('memory');
  }
}

/** The most this process ever held, from the kernel's own count. */
function readPeakMib(): number {
  const [, kib = '0'] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return Number(kib) / 1024;
}

const [mode, directory = '', argument = '', shape] = process.argv.slice(2);
if (mode === 'write') await write(directory, Number(argument), shape === 'stepped');
else {
  await using history = await openHistory(directory, { readOnly: true });
  const exporter = createDataExporter({ source: history });
  const stats = await exporter.exportRange('1969-01-01', '2031-01-01', undefined, argument, {
    tables: ['memory'],
  });
  process.stdout.write(JSON.stringify({ rows: stats.rows, peakMib: readPeakMib() }));
}
