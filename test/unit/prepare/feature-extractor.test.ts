import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { memoryKind } from '../../../src/core/index.ts';
import type { MemorySnapshot } from '../../../src/core/index.ts';
import {
  buildFeatureSpec,
  buildTrainingSet,
  createFeatureExtractor,
  lookbackMs,
  warmupMs,
} from '../../../src/prepare/index.ts';
import type { FeatureSpec } from '../../../src/prepare/index.ts';
import { mondayMs, pressuredSnapshots, snapshot, snapshots } from '../../support/memory-rows.ts';

const spec = buildFeatureSpec({ rateWindowMs: 2000, trendWindowMs: 8000, maxGapMs: 5000 });
const never = { lastOptimizationMs: null };

function extract(rows: readonly MemorySnapshot[], of: FeatureSpec = spec): (Float32Array | null)[] {
  const extractor = createFeatureExtractor(of);
  return rows.map((row) => extractor.push(row, never));
}

function lastRow(rows: readonly MemorySnapshot[], of: FeatureSpec = spec): Record<string, number> {
  const row = extract(rows, of).at(-1);
  if (!row) throw new Error('no row');
  return Object.fromEntries(of.names.map((name, i) => [name, row[i]!]));
}

describe('createFeatureExtractor()', () => {
  it('push() gives null until the rate window is spanned, then a row a snapshot', () => {
    expect(extract(snapshots(5)).map((row) => row !== null)).toEqual([false, false, true, true, true]);
    expect(warmupMs(spec)).toBe(2000);
  });

  it('push() gives percentages of MemTotal and plain counts', () => {
    const row = lastRow(
      snapshots(3, () => ({
        dirty_kib: 160_000,
        active_file_kib: 1_000_000,
        inactive_file_kib: 600_000,
        swap_total_kib: 1000,
        swap_free_kib: 250,
        cgroup_usage_bytes: 30,
        cgroup_limit_bytes: 40,
      })),
    );
    expect(row).toMatchObject({
      usage_percent: 50,
      available_percent: 50,
      free_percent: 25,
      process_count: 100,
      top_process_percent: 10,
      page_file_ratio: 0.75,
      dirty_percent: 1,
      file_cache_percent: 10,
      cgroup_usage_percent: 75,
    });
  });

  it('push() gives rates over the rate window when counters rise', () => {
    const row = lastRow(
      snapshots(6, (i) => ({
        psi_memory_some_us: i * 100_000,
        psi_memory_full_us: i * 50_000,
        psi_io_some_us: i * 2_000_000,
        workingset_refault_file: i * 40,
        pgscan_kswapd: i * 60,
        pgscan_direct: i * 40,
        pgsteal_kswapd: i * 50,
      })),
    );
    expect(row['psi_memory_some']).toBeCloseTo(0.1);
    expect(row['psi_memory_full']).toBeCloseTo(0.05);
    expect(row['psi_io_some']).toBe(1);
    expect(row['refault_file_rate']).toBeCloseTo(Math.log1p(10)); // 40 of 4,000,000 pages a second
    expect(row['pgscan_rate']).toBeCloseTo(Math.log1p(25));
    expect(row['reclaim_efficiency']).toBeCloseTo(0.5);
    expect(row['swap_in_rate']).toBe(0);
  });

  it('push() takes off the pages that the optimizer itself had paged out, but never below 0', () => {
    const rates = (own: (i: number) => Partial<MemorySnapshot>) =>
      lastRow(
        snapshots(6, (i) => ({
          workingset_refault_file: i * 40,
          workingset_refault_anon: i * 20,
          pswpin: i * 20,
          pswpout: i * 20,
          pgmajfault: i * 60,
          ...own(i),
        })),
      );
    // 4 of 4,000,000 pages a second are 1 ppm/s.
    expect(rates((i) => ({ own_refault_file: i * 20, own_refault_anon: i * 8 }))).toMatchObject({
      refault_file_rate: Math.fround(Math.log1p(5)),
      refault_anon_rate: Math.fround(Math.log1p(3)),
      swap_in_rate: Math.fround(Math.log1p(3)),
      swap_out_rate: Math.fround(Math.log1p(5)),
      major_fault_rate: Math.fround(Math.log1p(8)),
    });
    const none = { refault_file_rate: 0, refault_anon_rate: 0, swap_in_rate: 0, major_fault_rate: 0 };
    expect(rates((i) => ({ own_refault_file: i * 90, own_refault_anon: i * 90 }))).toMatchObject(none);
    expect(rates(() => ({ own_refault_file: null }))['refault_file_rate']).toBeCloseTo(Math.log1p(10));
  });

  it('push() keeps its windows when the optimizer starts again', () => {
    const own = [100, 140, 180, 40, 80, 120];
    const rows = snapshots(6, (i) => ({ workingset_refault_file: i * 40, own_refault_file: own[i]! }));
    expect(extract(rows).map((row) => row !== null)).toEqual([0, 0, 1, 1, 1, 1].map(Boolean));
    expect(
      extract(rows)
        .slice(2)
        .map((row) => row![spec.names.indexOf('refault_file_rate')]),
    ).toEqual([0, 0, 0, 0]);
  });

  it('push() keeps what physics bounds within its bounds when counters jump and figures disagree', () => {
    const wild = snapshots(6, (i) => ({
      mem_available_kib: i % 2 === 0 ? 17_000_000 : 8_000_000,
      mem_free_kib: 16_500_000,
      top_process_rss_kib: 17_000_000,
      dirty_kib: 20_000_000,
      active_file_kib: 10_000_000,
      inactive_file_kib: 10_000_000,
      swap_total_kib: 100,
      swap_free_kib: i % 2 === 0 ? 120 : 0,
      cgroup_usage_bytes: 50,
      cgroup_limit_bytes: i % 2 === 0 ? 40 : 0,
      psi_memory_some_us: i * 10 ** 10,
      psi_memory_full_us: i * 10 ** 10,
      psi_io_some_us: i * 10 ** 10,
      psi_cpu_some_us: i * 10 ** 10,
    }));
    for (const rows of [wild, wild.slice(0, 5)]) {
      const row = lastRow(rows);
      for (const name of spec.names.filter((each) => each.endsWith('_percent'))) {
        expect(row[name], name).toBeGreaterThanOrEqual(0);
        expect(row[name], name).toBeLessThanOrEqual(100);
      }
      for (const name of spec.names.filter((each) => each.startsWith('psi_')))
        expect(row[name], name).toBe(1);
      expect(row['page_file_ratio']).toBeGreaterThanOrEqual(0);
      expect(row['page_file_ratio']).toBeLessThanOrEqual(1);
      expect(row['cgroup_usage_percent']).toBe(100);
    }
  });

  it('push() gives finite rows without a negative or an impossible rate, whatever the counters do', () => {
    const value = fc.oneof(
      fc.nat(5),
      fc.maxSafeInteger(),
      fc.constant(null),
      fc.constant(Number.MAX_SAFE_INTEGER),
    );
    const counters = fc.record({
      pswpin: value,
      pswpout: value,
      pgmajfault: value,
      pgscan_direct: value,
      pgsteal_direct: value,
      workingset_refault_file: value,
      workingset_refault_anon: value,
      psi_memory_some_us: value,
      own_refault_file: value,
    });
    // 1 TiB a second in parts per million of this host's pages.
    const highest = Math.log1p((1e6 * 2 ** 28) / 4_000_000);
    fc.assert(
      fc.property(fc.array(counters, { minLength: 4, maxLength: 12 }), (rows) => {
        for (const features of extract(snapshots(rows.length, (i) => rows[i]!))) {
          features?.forEach((feature, i) => {
            const name = spec.names[i]!;
            expect(Number.isFinite(feature), name).toBe(true);
            if (!name.endsWith('_rate')) return;
            expect(feature, name).toBeGreaterThanOrEqual(0);
            expect(feature, name).toBeLessThanOrEqual(Math.fround(highest));
          });
        }
      }),
    );
  });

  it('push() gives trends in parts of ten points per window, clipped', () => {
    const filling = (kibPerRow: number) =>
      lastRow(snapshots(12, (i) => ({ mem_available_kib: 12_000_000 - i * kibPerRow })));
    // 20,000 KiB a second are 1 point of MemTotal in the trend window of 8 s, 0.25 in the rate window of 2 s.
    expect(filling(20_000)['usage_trend']).toBeCloseTo(0.1);
    expect(filling(20_000)['available_trend']).toBeCloseTo(-0.025);
    expect(filling(-20_000)['usage_trend']).toBeCloseTo(-0.1);
    expect(filling(900_000)['usage_trend']).toBe(1);
    expect(filling(0)['usage_trend']).toBe(0);
  });

  it('push() gives the local hour and a week that begins on Monday', () => {
    const at = new Date(2024, 0, 7, 13, 30).getTime(); // a Sunday, local time
    const row = lastRow(snapshots(3, (i) => ({ timestamp: at + i * 1000 })));
    expect(row).toMatchObject({ time_of_day: 13, day_of_week: 6 });
  });

  it('push() gives minutes since the last optimization, bounded by a day, which also stands for never', () => {
    const extractor = createFeatureExtractor(spec);
    const rows = snapshots(4);
    const minutes = (row: MemorySnapshot, lastOptimizationMs: number | null) =>
      extractor.push(row, { lastOptimizationMs })?.[spec.names.indexOf('minutes_since_last_opt')];
    for (const row of rows.slice(0, 2)) minutes(row, null);
    expect(minutes(rows[2]!, null)).toBe(1440);
    expect(minutes(rows[3]!, rows[3]!.timestamp - 90_000)).toBe(1.5);
    expect(minutes(snapshot({ timestamp: mondayMs + 4000 }), 0)).toBe(1440);
  });

  it('push() starts afresh when a counter falls, so no rate crosses a reboot', () => {
    const rows = snapshots(10, (i) => ({ pswpin: i < 5 ? 1_000_000 + i : i - 5 }));
    expect(extract(rows).map((row) => row !== null)).toEqual([0, 0, 1, 1, 1, 0, 0, 1, 1, 1].map(Boolean));
    expect(lastRow(rows)['swap_in_rate']).toBeCloseTo(Math.log1p(0.25));
  });

  it('push() starts afresh after a pause and when time steps back, and skips a repeated timestamp', () => {
    const times = [0, 1000, 2000, 2000, 3000, 8001, 9000, 10_001, 9500, 10_500, 11_500];
    const rows = times.map((ms) => snapshot({ timestamp: mondayMs + ms }));
    const given = [0, 0, 1, 0, 1, 0, 0, 1, 0, 0, 1].map(Boolean);
    expect(extract(rows).map((row) => row !== null)).toEqual(given);
  });

  it('push() gives the same bits live as over the whole history', async () => {
    const rows = pressuredSnapshots(700);
    const optimizations = [150, 151, 420].map((i) => rows[i]!.timestamp);
    const set = await buildTrainingSet({
      memory: rows,
      spec,
      horizonMs: 5000,
      optimizationTimestamps: optimizations,
    });
    const live = createFeatureExtractor(spec);
    const wanted = new Map([...set.timestamps].map((timestamp, i) => [timestamp, i]));
    const width = spec.names.length;
    let compared = 0;
    for (const row of rows) {
      const lastOptimizationMs = optimizations.findLast((ms) => ms < row.timestamp) ?? null;
      const features = live.push(row, { lastOptimizationMs });
      const at = wanted.get(row.timestamp);
      if (at === undefined) continue;
      expect(features).toEqual(set.features.slice(at * width, (at + 1) * width));
      compared++;
    }
    expect(compared).toBe(set.rowCount);
    expect(compared).toBeGreaterThan(650);
  });

  it('push() depends on the windows only: an extractor started later gives the same bits', () => {
    const steps = fc.array(fc.record({ ms: fc.integer({ min: 1, max: 2500 }), kib: fc.nat(16_000_000) }), {
      minLength: 40,
      maxLength: 120,
    });
    fc.assert(
      fc.property(steps, (changes) => {
        let timestamp = mondayMs;
        const rows = changes.map(({ ms, kib }) =>
          snapshot({ timestamp: (timestamp += ms), mem_available_kib: kib, pgmajfault: timestamp }),
        );
        const whole = extract(rows);
        const late = extract(rows.slice(10));
        const warmMs = rows[10]!.timestamp + lookbackMs(spec);
        rows.forEach((row, i) => {
          if (row.timestamp >= warmMs) expect(late[i - 10]).toEqual(whole[i]);
        });
      }),
      { numRuns: 50 },
    );
  });

  it('push() gives finite rows whatever a host lacks', () => {
    const value = (nullable: boolean) => {
      const known = fc.oneof(fc.constant(0), fc.nat(), fc.constant(Number.MAX_SAFE_INTEGER));
      return nullable ? fc.option(known, { nil: null }) : known;
    };
    const anyRow = fc.record(
      Object.fromEntries(memoryKind.fields.map((field) => [field.name, value(field.nullable)])),
    );
    fc.assert(
      fc.property(fc.array(anyRow, { minLength: 6, maxLength: 20 }), (changes) => {
        const rows = changes.map(
          (row, i) => ({ ...row, timestamp: mondayMs + i * 1000 }) as unknown as MemorySnapshot,
        );
        for (const row of extract(rows)) expect(row?.every(Number.isFinite) ?? true).toBe(true);
      }),
    );
  });

  it('refuses a specification it does not compute', () => {
    expect(() => createFeatureExtractor({ ...spec, version: 99 })).toThrow(/version 99/);
    expect(() => createFeatureExtractor({ ...spec, names: ['luck'] })).toThrow(/"luck" is unknown/);
    const constants = { ...spec.constants, pageKib: 16 };
    expect(() => createFeatureExtractor({ ...spec, constants })).toThrow(/"pageKib":16/);
  });
});
