// A home with a day's worth of exportable rows: memory under pressure, process scans and events.
import type { Home } from '../../../src/core/index.ts';
import { mkdir } from 'node:fs/promises';
import { openHistory } from '../../../src/store/index.ts';
import { pressuredSnapshots } from '../memory-rows.ts';
import { optimizationEvent, processRow } from '../prepare/process-rows.ts';

/** What was written. */
export interface WrittenRows {
  readonly memory: number;
  readonly process: number;
  readonly optimization: number;
  readonly fromMs: number;
  readonly toMs: number;
}

/** Anonymised times are whole hours; where the rows of an hour are fewer than k, they are left out. */
const HOUR_MS = 3_600_000;

/**
 * Fills the history: `memory` rows a second apart that end one to two hours ago, a scan of 20 processes every 10 s.
 * The first row begins an hour, so that a test sees the same rows released whenever it runs.
 */
export async function writeExportHistory(home: Home, memory = 3000): Promise<WrittenRows> {
  await mkdir(home.root, { recursive: true });
  await using history = await openHistory(home.history, { retainMs: Infinity, retainBytes: Infinity });
  const rows = pressuredSnapshots(memory);
  const spanMs = rows.at(-1)!.timestamp - rows[0]!.timestamp;
  const firstMs = Math.floor((Date.now() - HOUR_MS - spanMs) / HOUR_MS) * HOUR_MS;
  const shiftMs = firstMs - rows[0]!.timestamp;
  const times = rows.map((row) => row.timestamp + shiftMs);
  history.append(
    'memory',
    rows.map((row, i) => ({ ...row, timestamp: times[i]! })),
  );
  const scans = times
    .filter((_, i) => i % 10 === 0)
    .flatMap((timestamp) =>
      Array.from({ length: 20 }, (_, at) =>
        processRow({ timestamp, pid: 100 + at, name: `secret-${at % 4}`, rss_kib: 1000 * at }),
      ),
    );
  history.append('process', scans);
  const events = times.filter((_, i) => i % 100 === 0).map((timestamp) => optimizationEvent({ timestamp }));
  history.append('optimization', events);
  return {
    memory,
    process: scans.length,
    optimization: events.length,
    fromMs: times[0]!,
    toMs: times.at(-1)!,
  };
}
