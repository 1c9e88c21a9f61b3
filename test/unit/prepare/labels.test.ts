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
    [{ comebackPercentPerMinute: 50 }, 'NoActionNeeded'],
    [{ comebackPercentPerMinute: 50, stallSome: Number.NaN }, 'NoActionNeeded'],
    [{ comebackPercentPerMinute: 0.2, stallSome: 0.00049 }, 'NoActionNeeded'],
    [{ comebackPercentPerMinute: 0.2, stallSome: 0.0005 }, 'ShouldOptimize'],
    [{ comebackPercentPerMinute: 0.19, stallSome: 0.0005 }, 'NoActionNeeded'],
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
    const rows = snapshots(10, (i) => ({ psi_memory_full_us: i >= 5 ? 500_000 : 0 }));
    expect(labelsOf(rows)).toEqual([0, 0, 3, 3, 3, 0, 0, unlabelled, unlabelled, unlabelled]);
  });

  it('takes the lowest available memory of the horizon', () => {
    const rows = snapshots(8, (i) => ({ mem_available_kib: i === 4 ? 1_500_000 : 8_000_000 }));
    expect(labelsOf(rows)).toEqual([0, 2, 2, 2, 0, unlabelled, unlabelled, unlabelled]);
  });

  it('counts a page that was swapped in and refaulted once', () => {
    // Used: 8,000,000 KiB = 2,000,000 pages; 0.2 % a minute are 200 pages in 3 s.
    const stall = { psi_memory_some_us: 2400 }; // 0.08 % of 3 s
    const come = (pages: object) => labelsOf(snapshots(4, (i) => (i > 0 ? { ...pages, ...stall } : {})))[0];
    expect(come({ pswpin: 150, workingset_refault_anon: 150 })).toBe(0);
    expect(come({ pswpin: 150, workingset_refault_file: 50 })).toBe(1);
  });

  it('does not count a kill of a full cgroup on a host with memory left', () => {
    const killed = (changes: (i: number) => Partial<MemorySnapshot>) =>
      labelsOf(snapshots(10, (i) => ({ oom_kill: i >= 5 ? 2 : 1, ...changes(i) })));
    expect(killed(() => ({})).slice(0, 7)).toEqual([0, 0, 0, 0, 0, 0, 0]);
    // Reclaim for the host in another step is no evidence, and neither is one with most memory available.
    const share = (percent: number) => ({ mem_available_kib: 160_000 * percent });
    expect(killed((i) => ({ ...share(40), pgscan_direct: i >= 7 ? 900 : 0 })).slice(0, 5)).toEqual([
      0, 0, 0, 0, 0,
    ]);
    expect(killed((i) => ({ ...share(60), pgscan_direct: i >= 5 ? 900 : 0 })).slice(0, 5)).toEqual([
      0, 0, 0, 0, 0,
    ]);
  });

  it('counts a kill when available memory was low around it, also just before the horizon', () => {
    const low = (at: number) =>
      labelsOf(
        snapshots(10, (i) => ({
          oom_kill: i >= 5 ? 1 : 0,
          mem_available_kib: i === at ? 1_400_000 : 8_000_000,
        })),
      );
    expect(low(4)).toEqual([0, 2, 3, 3, 3, 0, 0, unlabelled, unlabelled, unlabelled]);
    expect(low(5)).toEqual([0, 0, 3, 3, 3, 0, 0, unlabelled, unlabelled, unlabelled]);
  });

  it('counts a kill when samples missed the bottom but tasks reclaimed for the host in its step', () => {
    const rows = snapshots(10, (i) => ({
      oom_kill: i >= 5 ? 1 : 0,
      pgscan_direct: i >= 5 ? 900 : 0,
      mem_available_kib: 6_400_000,
    }));
    expect(labelsOf(rows)).toEqual([0, 0, 3, 3, 3, 0, 0, unlabelled, unlabelled, unlabelled]);
  });

  it('counts a kill in the memory cgroup of this process, whose counter may begin anew', () => {
    const kills = [7, 7, 0, 0, 1, 1, 1, 1, 1, 1];
    const rows = snapshots(10, (i) => ({ cgroup_oom_kill: kills[i]! }));
    expect(labelsOf(rows)).toEqual([0, 3, 3, 3, 0, 0, 0, unlabelled, unlabelled, unlabelled]);
  });

  it('counts no kill where the counter of the cgroup could not be read for a row', () => {
    const kills = [7, 7, 7, null, 7, null, null, 7, 7, 7];
    const rows = snapshots(10, (i) => ({ cgroup_oom_kill: kills[i]! }));
    expect(labelsOf(rows)).toEqual([0, 0, 0, 0, 0, 0, 0, unlabelled, unlabelled, unlabelled]);
    const late = [null, null, 7, 7, 8, 8, 8, 8, 8, 8];
    const moved = snapshots(10, (i) => ({ cgroup_oom_kill: late[i]! }));
    expect(labelsOf(moved)).toEqual([0, 3, 3, 3, 0, 0, 0, unlabelled, unlabelled, unlabelled]);
  });

  it('takes off the pages that the optimizer itself had paged out', () => {
    const comeback = (own: (i: number) => Partial<MemorySnapshot>) =>
      labelsOf(
        snapshots(8, (i) => ({
          psi_memory_some_us: i * 800, // 0.08 %
          workingset_refault_file: i * 1000,
          workingset_refault_anon: i * 100,
          pswpin: i * 1000,
          ...own(i),
        })),
      ).slice(0, 4);
    expect(comeback(() => ({ own_refault_file: null, own_refault_anon: null }))).toEqual([1, 1, 1, 1]);
    expect(comeback((i) => ({ own_refault_file: i * 1000 }))).toEqual([1, 1, 1, 1]);
    expect(comeback((i) => ({ own_refault_file: i * 1000, own_refault_anon: i * 1000 }))).toEqual([
      0, 0, 0, 0,
    ]);
    // More than came back is not negative: it takes nothing off the other kind.
    expect(comeback((i) => ({ own_refault_file: i * 9000 }))).toEqual([1, 1, 1, 1]);
  });

  it('goes on when the optimizer starts, ends or starts again: its counter begins at 0', () => {
    const own = [null, null, 500, 1500, 200, 1200, null, null, 100, 100, 100, 100];
    const refaults = [0, 0, 500, 1500, 1700, 2700, 2700, 2700, 2800, 2800, 2800, 2800];
    const rows = snapshots(12, (i) => ({
      psi_memory_some_us: i * 800,
      workingset_refault_file: refaults[i]!,
      own_refault_file: own[i]!,
    }));
    expect(labelsOf(rows)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, unlabelled, unlabelled, unlabelled]);
  });

  it('holds a share of stalled time at 1 when its counter jumps, and a set clock does not make a label', () => {
    const jump = snapshots(8, (i) => ({ psi_memory_some_us: i >= 4 ? 10 ** 12 : 0 }));
    expect(labelsOf(jump).slice(0, 5)).toEqual([0, 2, 2, 2, 0]);
    expect(labelsOf(snapshots(5, () => ({ mem_available_kib: 17_000_000 })))[0]).toBe(0);
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
