import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AnyRow } from '../../../../src/core/index.ts';
import { readReplay } from '../../../../src/stream/hub/history-replay.ts';
import type { StreamHistory } from '../../../../src/stream/hub/history-replay.ts';
import { TableLog } from '../../../../src/stream/hub/table-log.ts';

const PIECES = 50;
const PIECE_ROWS = 1000;
const nowMs = 1_700_000_000_000;

/** Rows of earlier runs between 1970 and now, then the published ones. */
function historyBefore(published: readonly AnyRow[]): { history: StreamHistory; pieces: () => number } {
  let pieces = 0;
  return {
    pieces: () => pieces,
    history: {
      async *read(_table, { fromMs, toMs = Infinity }) {
        const earlier = fromMs < nowMs ? PIECES : 0;
        for (let piece = 0; piece < earlier; piece++) {
          pieces++;
          yield Array.from({ length: PIECE_ROWS }, (_, i) => ({ timestamp: 1 + piece * PIECE_ROWS + i }));
        }
        for (const row of published) {
          const timestamp = Number(row['timestamp']);
          if (timestamp >= fromMs && timestamp < toMs) {
            pieces++;
            yield [row];
          }
        }
      },
    },
  };
}

/** All rows in time order, those of equal time in the order they are given: as a history reads them. */
function historyOf(rows: readonly AnyRow[]): StreamHistory {
  const timeOf = (row: AnyRow): number => Number(row['timestamp']);
  const sorted = [...rows].sort((a, b) => timeOf(a) - timeOf(b));
  return {
    async *read(_table, { fromMs, toMs = Infinity }) {
      yield sorted.filter((row) => timeOf(row) >= fromMs && timeOf(row) < toMs);
    },
  };
}

/** Every record but the newest one, replayed from the first on. */
async function replayAll(published: readonly AnyRow[], history: StreamHistory): Promise<(AnyRow | null)[]> {
  const log = new TableLog(1);
  for (const row of published) log.append(row);
  const all: (AnyRow | null)[] = [];
  while (all.length < log.first - 1) {
    const { rows } = await readReplay(history, 'memory', log, all.length + 1);
    all.push(...rows);
  }
  return all.slice(0, log.first - 1);
}

describe('readReplay()', () => {
  it('gives each record or null in its place, however the clock steps and whatever earlier runs left', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: -8, max: 5 }), { minLength: 2, maxLength: 60 }),
        fc.array(fc.integer({ min: -20, max: 80 }), { maxLength: 40 }),
        async (steps, others) => {
          let timestamp = 0;
          // The newest record is in memory, and later than the one before it.
          const published = [...steps, 1].map((step, id) => ({ timestamp: (timestamp += 2 * step), id }));
          const earlier = others.map((time) => ({ timestamp: 2 * time + 1, id: -1 }));
          const rows = await replayAll(published, historyOf([...earlier, ...published]));
          rows.forEach((row, i) => expect([null, published[i]]).toContain(row));
          const isRising = steps.every((step) => step > 0);
          if (isRising) expect(rows).not.toContain(null);
        },
      ),
    );
  });

  it('takes no row of an earlier run for a record when it keeps every second entry only', async () => {
    const published = Array.from({ length: 34_000 }, (_, id) => ({ timestamp: 2 * id, id }));
    const earlier = published.slice(0, 3000).map(({ timestamp }) => ({ timestamp, id: -1 }));
    const log = new TableLog(1);
    for (const row of published) log.append(row);
    const { rows } = await readReplay(historyOf([...earlier, ...published]), 'memory', log, 1);
    rows.forEach((row, i) => expect([null, published[i]]).toContain(row));
  });

  it('gives a gap for a row from 1970 and every record behind it when the history of earlier runs lies between them', async () => {
    const published = [0, nowMs, nowMs + 1, nowMs + 2, nowMs + 3].map((timestamp) => ({ timestamp }));
    const log = new TableLog(1);
    for (const row of published) log.append(row);
    const { history } = historyBefore(published.slice(1));
    const { rows } = await readReplay(history, 'memory', log, 1);
    expect(rows).toEqual([null, ...published.slice(1, 4)]);
  });

  it('stops reading when it has the records it was asked for', async () => {
    const published = Array.from({ length: 100 }, (_, i) => ({ timestamp: nowMs + i }));
    const log = new TableLog(100);
    for (const row of published) log.append(row);
    for (let i = 0; i < 50; i++) log.append({ timestamp: nowMs }); // the clock stands still: no entry
    const { history, pieces } = historyBefore(published);
    const { rows } = await readReplay(history, 'memory', log, 20);
    expect(rows).toEqual(published.slice(19, log.first - 1));
    expect(pieces()).toBeLessThanOrEqual(log.first - 19);
  });
});
