// What the demo says of its actions: sums that leave the unknown out, and sentences that say so.
import { describe, expect, it } from 'vitest';
import { measureRoomLeft, sumRows } from '../../../../src/app/demo/demo-outcome.ts';
import { describeCost, describeFreed, describeHostCheck } from '../../../../src/app/demo/demo-report.ts';
import type { DemoOutcome } from '../../../../src/app/demo/demo-report.ts';

type Row = Parameters<typeof sumRows>[0][number];

const row = (more: Partial<Row> = {}): Row => ({
  advised_kib: 1024,
  taken_kib: 1024,
  freed_kib: 1000,
  compressed_kib: 0,
  returned_kib: 24,
  host_freed_kib: null,
  host_noise_kib: null,
  target_major_faults: 3,
  target_stall_us: 500,
  ...more,
});

const outcomeOf = (rows: readonly Row[], more: Partial<DemoOutcome> = {}): DemoOutcome => ({
  actuator: 'process_madvise',
  goal: 'relieve',
  ...sumRows(rows),
  returnedSinceBytes: 0,
  savedBytes: 0,
  ownRssBytes: 0,
  rows: [],
  room: null,
  refusals: {},
  ...more,
});

describe('sumRows()', () => {
  it('sums gain and cost of all actions', () => {
    expect(sumRows([row(), row()])).toMatchObject({
      actions: 2,
      takenBytes: 2 * 2 ** 20,
      freedBytes: 2000 * 1024,
      unknownActions: 0,
      returnedBytes: 48 * 1024,
      targetMajorFaults: 6,
      targetStallUs: 1000,
    });
  });

  it('says what swapped pages take compressed, where there are any', () => {
    const swapped = outcomeOf([row({ compressed_kib: 512 })]);
    expect(swapped.compressedBytes).toBe(512 * 1024);
    expect(describeFreed(swapped)).toContain('less 0.5 MiB that swapped ones take compressed');
    expect(describeFreed(outcomeOf([row()]))).not.toContain('compressed');
  });

  it('leaves unknown actions out of the freed bytes and counts them', () => {
    const some = sumRows([row(), row({ freed_kib: null })]);
    expect(some).toMatchObject({ freedBytes: 1000 * 1024, unknownActions: 1 });
    expect(describeFreed(outcomeOf([row(), row({ freed_kib: null })]))).toContain('unknown for 1 of them');
  });

  it('says unknown, never 0, when no action could tell', () => {
    const rows = [row({ freed_kib: null })];
    expect(sumRows(rows).freedBytes).toBeNull();
    expect(describeFreed(outcomeOf(rows))).toMatch(/^unknown of 1\.0 MiB taken/);
    expect(describeFreed(outcomeOf([row({ freed_kib: 0 })]))).toMatch(/^0\.0 MiB of 1\.0 MiB taken/);
  });

  it('compares with the host only in windows that know both, with noise that grows by its root', () => {
    const checked = { host_freed_kib: 2048, host_noise_kib: 300 };
    const rows = [
      row(checked),
      row({ ...checked, host_noise_kib: 400 }),
      row(),
      row({ ...checked, freed_kib: null }),
    ];
    expect(sumRows(rows).hostCheck).toEqual({
      windows: 2,
      movedBytes: 4096 * 1024,
      noiseBytes: 500 * 1024,
      freedBytes: 2000 * 1024,
    });
    expect(sumRows([row()]).hostCheck).toBeNull();
    expect(describeHostCheck(outcomeOf([row()]))).toContain('nothing yet');
  });
});

describe('describeCost()', () => {
  it('says when the demo itself takes more than is still out', () => {
    const rows = [row()];
    const own = { ownRssBytes: 200 * 2 ** 20 };
    expect(describeCost(outcomeOf(rows, { ...own, savedBytes: 2 ** 20 }))).toContain(
      'more than is still out',
    );
    expect(describeCost(outcomeOf(rows, { ...own, savedBytes: 2 ** 30 }))).not.toContain('more than');
  });
});

describe('measureRoomLeft()', () => {
  const series = {
    timestamps: [1, 2, 3, 4, 5],
    usedMib: [100, 90, 10, 60, null],
    phase: ['hold', 'hold', 'idle', 'hold', 'hold'],
    actionsAt: [3],
  };

  it('compares what is left while requests hold memory, before the first action and after it', () => {
    const room = measureRoomLeft(series, 100 * 2 ** 20);
    expect(room).toEqual({ aloneBytes: 5 * 2 ** 20, actingBytes: 40 * 2 ** 20 });
  });

  it('compares nothing without a limit, without an action or with one side only', () => {
    expect(measureRoomLeft(series, null)).toBeNull();
    expect(measureRoomLeft({ ...series, actionsAt: [] }, 2 ** 30)).toBeNull();
    expect(measureRoomLeft({ ...series, actionsAt: [0] }, 2 ** 30)).toBeNull();
  });
});
