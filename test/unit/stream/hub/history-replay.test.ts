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

describe('readReplay()', () => {
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
