// A child process that writes a long history and exports it, each alone so that its memory can be told:
//   clock-history.ts write <directory> <rows> <straight | stepped | boots> [straight history of as many rows]
//   clock-history.ts export <directory> <path>    prints {"rows", "peakMib"}
// `stepped` has one row from 2030, one from 1970 and an hour that a clock set back by two hours wrote; in
// `boots` every hour begins with a minute of 1970, as on a board without a clock battery.
import { existsSync, linkSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { constants, zstdCompressSync } from 'node:zlib';
import { memoryKind } from '../../../src/core/index.ts';
import { createDataExporter } from '../../../src/export/index.ts';
import { openHistory } from '../../../src/store/index.ts';
import { encodeSegment } from '../../../src/store/encode-segment.ts';
import type { SegmentPlan } from '../../../src/store/encode-segment.ts';
import { sortByTime } from '../../../src/store/query.ts';
import { segmentName } from '../../../src/store/segment-layout.ts';
import { pressuredSnapshots } from '../memory-rows.ts';

const HOUR_ROWS = 3600;

type Shape = 'straight' | 'stepped' | 'boots';

/** The time a row claims, given the second it was written in. */
function claimedMs(shape: Shape, timestamp: number, row: number): number {
  if (shape === 'straight') return timestamp;
  if (shape === 'boots') return row % HOUR_ROWS < 60 ? (row % HOUR_ROWS) * 1000 : timestamp;
  if (row === 50_000) return Date.UTC(2030, 0, 1);
  if (row === 100_000) return 0;
  const isBack = row >= 150_000 && row < 150_000 + HOUR_ROWS;
  return isBack ? timestamp - 2 * 3_600_000 : timestamp;
}

/** Sealed as the store does, but compressed quickly: the best compression would take most of a test's time. */
const quick: SegmentPlan = {
  encodings: new Map(),
  compress: (page) => zstdCompressSync(page, { params: { [constants.ZSTD_c_compressionLevel]: 1 } }),
};

/** Hours that are the same in a history written before are linked to it. */
function write(directory: string, rows: number, shape: Shape, base: string | undefined): void {
  const folder = join(directory, 'segments', 'memory');
  mkdirSync(folder, { recursive: true });
  const all = pressuredSnapshots(rows).map((row, i) => ({
    ...row,
    timestamp: claimedMs(shape, row.timestamp, i),
  }));
  for (let at = 0; at < all.length; at += HOUR_ROWS) {
    const sorted = sortByTime(all.slice(at, at + HOUR_ROWS));
    const generation = at / HOUR_ROWS + 1;
    const [fromMs, toMs] = [sorted[0]!, sorted.at(-1)!].map((row) => Number(row['timestamp']));
    const name = segmentName(fromMs!, toMs!, generation);
    const known = base && join(base, 'segments', 'memory', name);
    const isSame = known && existsSync(known);
    if (isSame) linkSync(known, join(folder, name));
    else writeFileSync(join(folder, name), encodeSegment(memoryKind, sorted, [generation], quick));
  }
}

/** The most this process ever held, from the kernel's own count. */
function readPeakMib(): number {
  const [, kib = '0'] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return Number(kib) / 1024;
}

const [mode, directory = '', argument = '', shape, base] = process.argv.slice(2);
if (mode === 'write') write(directory, Number(argument), shape as Shape, base);
else {
  await using history = await openHistory(directory, { readOnly: true });
  const exporter = createDataExporter({ source: history });
  const stats = await exporter.exportRange('1969-01-01', '2031-01-01', undefined, argument, {
    tables: ['memory'],
    anonymize: false,
  });
  process.stdout.write(JSON.stringify({ rows: stats.rows, peakMib: readPeakMib() }));
}
