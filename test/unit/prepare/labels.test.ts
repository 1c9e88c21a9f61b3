import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { labels } from '../../../src/core/index.ts';
import type { MemorySnapshot } from '../../../src/core/index.ts';
import { labelOutcome, labelSnapshots, unlabelled } from '../../../src/prepare/index.ts';
import type { HorizonOutcome } from '../../../src/prepare/index.ts';
import { mondayMs, snapshot, snapshots } from '../../support/memory-rows.ts';

const calm: HorizonOutcome = {
  stallSome: 0,
  stallFull: 0,
  comebackPercentPerMinute: 0,
  minAvailablePercent: 50,
  oomKills: 0,
};
const nameOf = (outcome: Partial<HorizonOutcome>) => labels[labelOutcome({ ...calm, ...outcome })];

describe('labelOutcome()', () => {
  it.each([
    [{}, 'NoActionNeeded'],
    [{ stallSome: 0.00099 }, 'NoActionNeeded'],
    [{ stallSome: 0.001 }, 'ShouldOptimize'],
    [{ comebackPercentPerMinute: 0.2 }, 'ShouldOptimize'],
    [{ stallSome: 0.035 }, 'ShouldOptimizeAggressive'],
    [{ minAvailablePercent: 10 }, 'ShouldOptimizeAggressive'],
    [{ stallFull: 0.05 }, 'Critical'],
    [{ minAvailablePercent: 4 }, 'Critical'],
    [{ oomKills: 1 }, 'Critical'],
    [
      { stallSome: Number.NaN, stallFull: Number.NaN, comebackPercentPerMinute: Number.NaN },
      'NoActionNeeded',
    ],
  ])('gives for %o the label %s', (outcome, label) => {
    expect(nameOf(outcome)).toBe(label);
  });

  it('never gives a milder label when any signal is worse', () => {
    const signal = fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constant(0));
    const outcome = fc.record({
      stallSome: signal,
      stallFull: signal,
      comebackPercentPerMinute: signal,
      minAvailablePercent: fc.double({ min: 0, max: 100, noNaN: true }),
      oomKills: fc.nat(2),
    });
    fc.assert(
      fc.property(outcome, outcome, (a, b) => {
        const worse = Object.fromEntries(
          Object.keys(a).map((key) => {
            const name = key as keyof HorizonOutcome;
            return [
              name,
              name === 'minAvailablePercent' ? Math.min(a[name], b[name]) : Math.max(a[name], b[name]),
            ];
          }),
        ) as unknown as HorizonOutcome;
        expect(labelOutcome(worse)).toBeGreaterThanOrEqual(labelOutcome(a));
      }),
    );
  });
});

describe('labelSnapshots()', () => {
  const labelsOf = (rows: MemorySnapshot[], horizonMs = 3000) =>
    Array.from(labelSnapshots(rows, { horizonMs }));

  it('labels a row by what happens after it and within the horizon, not by what was', () => {
    const rows = snapshots(10, (i) => ({ oom_kill: i >= 5 ? 1 : 0 }));
    expect(labelsOf(rows)).toEqual([0, 0, 3, 3, 3, 0, 0, unlabelled, unlabelled, unlabelled]);
  });

  it('takes the lowest available memory of the horizon', () => {
    const rows = snapshots(8, (i) => ({ mem_available_kib: i === 4 ? 1_500_000 : 8_000_000 }));
    expect(labelsOf(rows)).toEqual([0, 2, 2, 2, 0, unlabelled, unlabelled, unlabelled]);
  });

  it('counts a page that was swapped in and refaulted once', () => {
    // Used: 8,000,000 KiB = 2,000,000 pages; 0.2 % a minute are 200 pages in 3 s.
    const come = (pages: object) => labelsOf(snapshots(4, (i) => (i > 0 ? pages : {})))[0];
    expect(come({ pswpin: 150, workingset_refault_anon: 150 })).toBe(0);
    expect(come({ pswpin: 150, workingset_refault_file: 50 })).toBe(1);
  });

  it('leaves rows without a label when their horizon reaches the end, a pause or a reboot', () => {
    const paused = snapshots(12, (i) => ({ timestamp: mondayMs + i * 1000 + (i >= 6 ? 10_000 : 0) }));
    const rebooted = snapshots(12, (i) => ({ pswpin: i >= 6 ? i : 100 + i }));
    for (const rows of [paused, rebooted]) {
      const known = Array.from(labelSnapshots(rows, { horizonMs: 3000 }), (label) => label !== unlabelled);
      // The last row whose full horizon was seen ends exactly on the last snapshot before the break.
      expect(known).toEqual([1, 1, 1, 0, 0, 0, 1, 1, 1, 0, 0, 0].map(Boolean));
    }
  });

  it('equals a plain scan of every horizon', () => {
    const step = fc.record({
      ms: fc.integer({ min: 0, max: 2500 }),
      kib: fc.integer({ min: 100_000, max: 16_000_000 }),
      stallUs: fc.oneof(fc.constant(0), fc.nat(80_000)),
      swapIn: fc.option(fc.constant(1000), { nil: null }),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), (steps) => {
        let [timestamp, stallUs] = [mondayMs, 0];
        const rows = steps.map((s) =>
          snapshot({
            timestamp: (timestamp += s.ms),
            mem_available_kib: s.kib,
            psi_memory_some_us: (stallUs += s.stallUs),
            pswpin: s.swapIn,
          }),
        );
        expect(Array.from(labelSnapshots(rows, { horizonMs: 4000 }))).toEqual(
          rows.map((_, i) => labelByScan(rows, i, 4000)),
        );
      }),
    );
  });
});

/** The definition, row by row, for histories without a break. */
function labelByScan(rows: readonly MemorySnapshot[], at: number, horizonMs: number): number {
  const from = rows[at]!;
  const untilMs = from.timestamp + horizonMs;
  const ahead = rows.filter((row, i) => i > at && row.timestamp <= untilMs);
  const to = ahead.at(-1);
  const isObserved = rows.some((row) => row.timestamp >= untilMs);
  if (!to || to.timestamp === from.timestamp || !isObserved) return unlabelled;
  const elapsedMs = to.timestamp - from.timestamp;
  const swapIn = from.pswpin === null || to.pswpin === null ? Number.NaN : to.pswpin - from.pswpin;
  const pages = (Number.isNaN(swapIn) ? 0 : swapIn) * 100;
  return labelOutcome({
    ...calm,
    stallSome: (to.psi_memory_some_us! - from.psi_memory_some_us!) / (elapsedMs * 1000),
    comebackPercentPerMinute:
      (pages / ((from.mem_total_kib - from.mem_available_kib) / 4)) * (60_000 / elapsedMs),
    minAvailablePercent: Math.min(...ahead.map((row) => (100 * row.mem_available_kib) / row.mem_total_kib)),
  });
}
