import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  buildAdrView,
  buildRecordBatch,
  memoryKind,
  optimizationKind,
  processKind,
  recordKinds,
  rowsOf,
} from '../../../src/core/index.ts';
import type { AnyRow, RecordKind } from '../../../src/core/index.ts';
import { createAnonymizer, renderPrivacyReport } from '../../../src/prepare/index.ts';
import type { AnonymizationPlan } from '../../../src/prepare/index.ts';
import { mondayMs, snapshot, snapshots } from '../../support/memory-rows.ts';
import { frameOf, partitionsOf, release } from '../../support/prepare/frames.ts';
import { arbitraryProcessRows, optimizationEvent, processRow } from '../../support/prepare/process-rows.ts';

function planOf(
  kind: RecordKind,
  rows: readonly AnyRow[],
  options: Parameters<typeof createAnonymizer>[0] = {},
): Promise<AnonymizationPlan> {
  return createAnonymizer(options).planPartitions(kind, partitionsOf(kind, rows, 7));
}

describe('planPartitions()', () => {
  it('gives the same rows however the table is cut, and by either engine', async () => {
    const property = fc.asyncProperty(
      arbitraryProcessRows,
      fc.integer({ min: 1, max: 20 }),
      async (rows, size) => {
        const plan = await planOf(processKind, rows, { k: 3, maxSuppressedShare: 1 });
        const whole = await release(plan, processKind, rows);
        expect(whole).toHaveLength(plan.rowCount);
        expect(await release(plan, processKind, rows, { size })).toEqual(whole);
        expect(await release(plan, processKind, rows, { streaming: true })).toEqual(whole);
      },
    );
    await fc.assert(property, { numRuns: 60 });
  });

  it('keeps the differences of every counter of a process, from its first value on, and none below it', async () => {
    const property = fc.asyncProperty(arbitraryProcessRows, async (rows) => {
      const plan = await planOf(processKind, rows, { k: 1 });
      const released = await release(plan, processKind, rows);
      const first = new Map<string, number>();
      rows.forEach((row, i) => {
        const process = `${row.pid} ${row.start_time_ticks}`;
        if (row.cpu_time_ms !== null && !first.has(process)) first.set(process, row.cpu_time_ms);
        const since = row.cpu_time_ms === null ? null : row.cpu_time_ms - first.get(process)!;
        expect(released[i]!['cpu_time_ms']).toBe(since !== null && since < 0 ? null : since);
      });
    });
    await fc.assert(property, { numRuns: 60 });
  });

  it('counts from zero again after a boot, and never shows the counters themselves', async () => {
    const counters = (psi: number, faults: number) => ({ psi_cpu_some_us: psi, pgmajfault: faults });
    const rows = snapshots(6, (i) => (i < 3 ? counters(9e12 + i, 7e9 + i) : counters(500 + i, 40 + 2 * i)));
    const plan = await planOf(memoryKind, rows, { k: 1 });
    const released = await release(plan, memoryKind, rows, { size: 2 });
    expect(released.map((row) => row['psi_cpu_some_us'])).toEqual([0, 1, 2, 0, 1, 2]);
    expect(released.map((row) => row['pgmajfault'])).toEqual([0, 1, 2, 0, 2, 4]);
  });

  it('takes it for a boot when at least half of the counters that count at all fall', async () => {
    const counters = ['pswpin', 'pswpout', 'pgmajfault', 'oom_kill', 'psi_io_full_us'] as const;
    const count = (...values: readonly (number | null)[]): object =>
      Object.fromEntries(counters.map((name, i) => [name, values[i]!]));
    const rows = snapshots(
      6,
      (i) =>
        [
          count(10, 10, 10, 10, 0),
          count(11, 11, 11, 5, 0), // one of four
          count(12, null, 12, 5, 0),
          count(3, 4, 13, 6, 0), // two of four; what was null is compared with its last value
          count(3, 4, 13, 6, 7),
          count(2, 3, 14, 7, 6), // three of five
        ][i]!,
    );
    const released = await release(await planOf(memoryKind, rows, { k: 1 }), memoryKind, rows);
    expect(released.map((row) => counters.map((name) => row[name]))).toEqual([
      [0, 0, 0, 0, 0],
      [1, 1, 1, null, 0],
      [2, null, 2, null, 0],
      [0, 0, 0, 0, 0],
      [0, 0, 0, 0, 7],
      [0, 0, 0, 0, 0],
    ]);
  });

  it('makes sizes coarse and keeps the used swap exact', async () => {
    const sizes = { mem_total_kib: 24_684_092, swap_total_kib: 2_097_148, swap_free_kib: 2_000_000 };
    const rows = Array.from({ length: 5 }, () => snapshot({ ...sizes, cgroup_limit_bytes: null }));
    const plan = await planOf(memoryKind, rows);
    const view = buildAdrView('memory', plan.kind);
    const [row] = rowsOf(
      view.kind,
      view.toBatch(buildRecordBatch(plan.kind, await release(plan, memoryKind, rows))),
    );
    expect(row).toMatchObject({ total_mb: 24 * 1024, swap_total_kib: 2 ** 21, cgroup_limit_bytes: null });
    expect(row!['page_file_used_mb']).toBe((2_097_148 - 2_000_000) / 1024);
  });

  it('generalises the sizes of a small group and keeps its rows', async () => {
    const day = 86_400_000;
    const rows = [
      ...Array.from({ length: 5 }, (_, i) => snapshot({ timestamp: mondayMs + i, mem_total_kib: 12e6 })),
      ...Array.from({ length: 3 }, (_, i) =>
        snapshot({ timestamp: mondayMs + day + i, mem_total_kib: 12e6 }),
      ),
      ...Array.from({ length: 2 }, (_, i) =>
        snapshot({ timestamp: mondayMs + day + 9 + i, mem_total_kib: 16e6 }),
      ),
    ];
    const plan = await planOf(memoryKind, rows);
    const released = await release(plan, memoryKind, rows);
    const totals = released.map((row) => row['mem_total_kib']);
    expect(totals).toEqual([...Array(5).fill(1.5 * 2 ** 23), ...Array(5).fill(2 ** 24)]);
    expect(plan.report.k.reached).toBe(5);
  });

  it('keeps of an event codes, known words and hashes', async () => {
    const event = optimizationEvent({
      model_version: 'acme-secret@1.2.3',
      actuator: 'gc+process_madvise',
      trigger: 'alice',
      error: 'Cannot trim "acme-db": EPERM at /srv/acme',
    });
    const rows = Array.from({ length: 5 }, () => event);
    const plan = await planOf(optimizationKind, rows);
    const [row] = await release(plan, optimizationKind, rows);
    expect(row).toMatchObject({ actuator: 'gc+process_madvise', trigger: 'other', error: 'EPERM' });
    expect(row!['model_version']).toMatch(/^[0-9a-f]{16}$/);
  });

  it('treats every column that says what it gives away, and every text', async () => {
    for (const kind of Object.values(recordKinds)) {
      const { report } = await planOf(kind, []);
      const asMeasured = report.columns.filter(({ method }) => method === 'released as measured');
      const fields = asMeasured.map(({ name }) => kind.fields.find((field) => field.name === name)!);
      expect(fields.filter(({ privacy, type }) => privacy !== undefined || type === 'utf8')).toEqual([]);
    }
  });

  it('refuses rows that were not there when it was made', async () => {
    const rows = Array.from({ length: 5 }, () => processRow());
    const plan = await planOf(processKind, rows);
    const stale = expect.objectContaining({ code: 'ERR_PREPARE_PRIVACY_STALE' });
    for (const change of [{ name: 'new' }, { pid: 7 }, { timestamp: mondayMs + 1e9 }]) {
      for (const streaming of [false, true]) {
        const released = release(plan, processKind, [...rows, processRow(change)], { streaming });
        await expect(released.catch((error: unknown) => plan.explain(error))).resolves.toEqual(stale);
      }
    }
    const other = new Error('the disk is full');
    expect(plan.explain(other)).toBe(other);
  });

  it('refuses a text that was not there when it was made', async () => {
    const rows = Array.from({ length: 5 }, () => optimizationEvent({ error: 'EPERM' }));
    const plan = await planOf(optimizationKind, rows);
    const released = release(plan, optimizationKind, [optimizationEvent({ error: 'EACCES' })]);
    await expect(released.catch((error: unknown) => plan.explain(error))).resolves.toMatchObject({
      code: 'ERR_PREPARE_PRIVACY_STALE',
    });
  });

  it('stops at the signal, also while it computes', async () => {
    const partitions = partitionsOf(processKind, [processRow()], 1);
    const early = createAnonymizer().planPartitions(processKind, partitions, { signal: AbortSignal.abort() });
    await expect(early).rejects.toThrow(/abort/);
    const controller = new AbortController();
    const open = async () => {
      queueMicrotask(() => controller.abort(new Error('enough')));
      return await partitions[0]!.open();
    };
    const late = createAnonymizer().planPartitions(processKind, [{ maxRows: 1, open }], {
      signal: controller.signal,
    });
    await expect(late).rejects.toThrow('enough');
  });

  it('gives no rows once the key is destroyed', async () => {
    const rows = Array.from({ length: 5 }, () => processRow());
    const plan = await planOf(processKind, rows);
    expect(plan.report.key).toBe('in use');
    plan.destroyKey();
    expect(plan.report.key).toBe('destroyed');
    expect(() => plan.applyFrame(frameOf(processKind, rows))).toThrow(/key of this release is destroyed/);
  });
});

describe('renderPrivacyReport()', () => {
  it('says what was reached, what each column became and what is not protected', async () => {
    const key = new Uint8Array(32);
    const plan = await planOf(
      processKind,
      Array.from({ length: 6 }, () => processRow()),
      { key },
    );
    const text = renderPrivacyReport(plan.report);
    expect(text).toMatch(/\| k asked \| 5 \|\n\| k reached \| 6 \|/);
    expect(text).toContain('| name | name_hash | identifier | HMAC-SHA-256');
    expect(text).toContain('| start_time_ticks | – | identifier | left out |');
    expect(text).toMatch(/Not protected:\n\n- .*one host/);
    expect(text).toContain('The key is kept');
  });
});
