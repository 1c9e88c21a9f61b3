import { describe, expect, it } from 'vitest';
import { SnapshotWindow, counterColumn } from '../../../src/prepare/snapshot-window.ts';
import { mondayMs, snapshot } from '../../support/memory-rows.ts';

const windows = { rateWindowMs: 1000, trendWindowMs: 4000, maxGapMs: 2000 };

describe('SnapshotWindow', () => {
  it('push() keeps memory bounded by the window when it runs for long', () => {
    const window = new SnapshotWindow(windows);
    const before = process.memoryUsage().arrayBuffers;
    // Kept whole, 200,000 snapshots of 13 numbers would be 20 MB; 200 of them span the window.
    for (let i = 0; i < 200_000; i++) window.push(snapshot({ timestamp: mondayMs + i * 20 }));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 20);
  });

  it('increase() reaches back to the newest snapshot at least one rate window old', () => {
    const window = new SnapshotWindow(windows);
    for (const ms of [0, 400, 900, 1300, 1950]) {
      window.push(snapshot({ timestamp: mondayMs + ms, pgmajfault: ms }));
    }
    expect(window.rateSpanMs).toBe(1050);
    expect(window.increase(counterColumn('majorFaults'))).toBe(1050);
  });

  it('increase() is NaN when the host lacks the counter at either end', () => {
    const window = new SnapshotWindow(windows);
    window.push(snapshot({ pswpin: null }));
    window.push(snapshot({ timestamp: mondayMs + 1000, pswpin: 5 }));
    expect(window.increase(counterColumn('swapIn'))).toBeNaN();
  });

  /** Increases of swapIn and majorFaults over rows of [pswpin, pgmajfault] half a second apart. */
  function increasesOf(rows: readonly (readonly [number | null, number])[]): (number | null)[][] {
    const window = new SnapshotWindow(windows);
    return rows.map(([pswpin, pgmajfault], i) => {
      const counters = { pgmajfault, workingset_refault_file: 7, pswpin };
      const isReady = window.push(snapshot({ timestamp: mondayMs + i * 500, ...counters }));
      return isReady
        ? [window.increase(counterColumn('swapIn')), window.increase(counterColumn('majorFaults'))]
        : [null];
    });
  }

  it('increase() is NaN of a counter that fell alone while the fall is in the window, and others go on', () => {
    const rows = [1000, 1001, 3, 4, 5, 6].map((pswpin, i) => [pswpin, 100 + i] as const);
    const unknown = [Number.NaN, 2];
    expect(increasesOf(rows)).toEqual([[null], [null], unknown, unknown, [2, 2], [2, 2]]);
  });

  it('increase() is NaN after a fall that rows without a value hide, even when the counter is higher since', () => {
    const rows = [1000, null, 3, 2000, 2001, 2002].map((pswpin, i) => [pswpin, 100 + i] as const);
    const unknown = [Number.NaN, 2];
    expect(increasesOf(rows)).toEqual([[null], [null], unknown, unknown, [1998, 2], [2, 2]]);
  });

  it('push() goes on with the others when one counter falls again and again', () => {
    const rows = Array.from({ length: 9 }, (_, i) => [i % 2 === 0 ? 1000 : 3, 100 + i] as const);
    for (const row of increasesOf(rows).slice(2)) expect(row).toEqual([Number.NaN, 2]);
  });

  it('usedSlopeKibPerMs is exact after a million KiB-sized steps up and down', () => {
    const window = new SnapshotWindow(windows);
    for (let i = 0; i < 20_000; i++) {
      const kib = i < 19_000 ? 15_999_999 - ((i * 7919) % 9_999_991) : 8_000_000 - i;
      window.push(snapshot({ timestamp: mondayMs + i * 100, mem_available_kib: kib }));
    }
    expect(window.usedSlopeKibPerMs).toBe(0.01); // one KiB each 100 ms
  });
});
