// Partitions give the rows of query(), in its order, however segments overlap. Random histories, seeds printed.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as arrow from 'apache-arrow';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { memoryKind, rowsOf } from '../../../src/core/index.ts';
import type { AnyRow, HistoryPartition, TimeRange } from '../../../src/core/index.ts';
import { openHistory } from '../../../src/store/index.ts';
import type { History } from '../../../src/store/index.ts';
import { mondayMs, snapshot } from '../../support/memory-rows.ts';
import { createPrintedRandom } from '../../support/random.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ruvector-partitions-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

async function readPartition(partition: HistoryPartition): Promise<AnyRow[]> {
  const frame = await (await partition.open()).collect();
  const table = arrow.tableFromIPC(frame.writeIPC());
  return table.batches.flatMap((batch) => rowsOf(memoryKind, batch));
}

async function readAll(history: History, range: TimeRange = {}, maxRows?: number): Promise<AnyRow[]> {
  const rows: AnyRow[] = [];
  for (const partition of await history.partitions('memory', { ...range, ...(maxRows && { maxRows }) })) {
    const part = await readPartition(partition);
    expect(part.length).toBeLessThanOrEqual(partition.maxRows);
    rows.push(...part);
  }
  return rows;
}

/** Each row bears its place in `process_count`. */
const numbered = (timesMs: readonly number[], from = 0) =>
  timesMs.map((timestamp, i) => snapshot({ timestamp, process_count: from + i }));

describe('partitions()', () => {
  it('gives what query() gives, for random overlaps, clock steps, ranges and sizes', async () => {
    const random = createPrintedRandom('partitions()');
    for (let round = 0; round < 5; round++) {
      const home = join(directory, String(round));
      await using history = await openHistory(home);
      let nowMs = mondayMs;
      for (let part = 0, placed = 0; part < 6; part++) {
        const times: number[] = [];
        for (let i = 0; i < 40; i++) {
          if (random() < 0.03) nowMs -= Math.floor(random() * 60_000);
          const isWrong = random() < 0.02;
          times.push(isWrong ? mondayMs + Math.floor(random() * 1e9) : nowMs);
          if (random() < 0.9) nowMs += 1000;
        }
        history.append('memory', numbered(times, placed));
        placed += times.length;
        if (part < 5) await history.seal('memory');
      }
      const fromMs = mondayMs + Math.floor(random() * 60_000);
      const toMs = fromMs + Math.floor(random() * 300_000);
      for (const range of [{}, { fromMs }, { toMs }, { fromMs, toMs }]) {
        const wanted = await history.rows('memory', range);
        expect(await readAll(history, range)).toEqual(wanted);
        expect(await readAll(history, range, 30)).toEqual(wanted);
      }
    }
  });

  it('scans segments that follow each other without sorting them', async () => {
    await using history = await openHistory(directory);
    for (let hour = 0; hour < 3; hour++) {
      history.append('memory', numbered([0, 1, 2].map((i) => mondayMs + (hour * 3 + i) * 1000)));
      await history.seal('memory');
    }
    const partitions = await history.partitions('memory');
    expect(partitions).toHaveLength(3);
    for (const partition of partitions) {
      expect((await partition.open()).describeOptimizedPlan()).not.toMatch(/SORT/);
    }
  });

  it('reads one row of a wrong clock apart: the segments it spans are not sorted together', async () => {
    await using history = await openHistory(directory);
    const yearMs = 365 * 86_400_000;
    for (let hour = 0; hour < 4; hour++) {
      const times = [0, 1, 2].map((i) => mondayMs + (hour * 3 + i) * 1000);
      history.append('memory', numbered(hour === 0 ? [...times, mondayMs + yearMs] : times));
      await history.seal('memory');
    }
    const partitions = await history.partitions('memory');
    expect(partitions.map(({ maxRows }) => maxRows)).toEqual([3, 3, 3, 3, 1]);
    for (const partition of partitions) {
      expect((await partition.open()).describeOptimizedPlan()).not.toMatch(/SORT/);
    }
  });

  it('is empty for a history or a range without rows', async () => {
    await using history = await openHistory(directory);
    expect(await history.partitions('memory')).toEqual([]);
    history.append('memory', numbered([mondayMs]));
    expect(await history.partitions('memory', { fromMs: mondayMs + 1 })).toEqual([]);
  });
});
