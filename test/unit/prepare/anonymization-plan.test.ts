import type * as arrow from 'apache-arrow';
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
import {
  createAnonymizer,
  renderPrivacyReport,
  restoreAnonymizationPlan,
} from '../../../src/prepare/index.ts';
import type { AnonymizationPlan } from '../../../src/prepare/index.ts';
import { mondayMs, snapshot, snapshots } from '../../support/memory-rows.ts';
import { arbitraryProcessRows, optimizationEvent, processRow } from '../../support/prepare/process-rows.ts';

async function* inPieces(batch: arrow.RecordBatch, size: number): AsyncGenerator<arrow.RecordBatch> {
  for (let from = 0; from < batch.numRows; from += size) yield batch.slice(from, from + size);
}

function planOf(
  kind: RecordKind,
  rows: readonly AnyRow[],
  options: Parameters<typeof createAnonymizer>[0] = {},
): Promise<AnonymizationPlan> {
  const batch = buildRecordBatch(kind, rows);
  return createAnonymizer(options).plan(kind, () => inPieces(batch, 7));
}

async function release(plan: AnonymizationPlan, batch: arrow.RecordBatch, size: number): Promise<AnyRow[]> {
  const rows: AnyRow[] = [];
  for await (const piece of inPieces(batch, size)) rows.push(...rowsOf(plan.kind, plan.apply(piece)));
  return rows;
}

describe('plan()', () => {
  it('gives the same rows however the table is cut, and after it was saved and restored', async () => {
    const property = fc.asyncProperty(
      arbitraryProcessRows,
      fc.integer({ min: 1, max: 20 }),
      async (rows, size) => {
        const batch = buildRecordBatch(processKind, rows);
        const plan = await planOf(processKind, rows, { k: 3, maxSuppressedShare: 1 });
        const whole = rowsOf(plan.kind, plan.apply(batch));
        expect(whole).toHaveLength(plan.rowCount);
        expect(await release(plan, batch, size)).toEqual(whole);
        const restored = restoreAnonymizationPlan(processKind, plan.toState());
        expect(await release(restored, batch, size)).toEqual(whole);
        expect(restored.report).toEqual(plan.report);
      },
    );
    await fc.assert(property, { numRuns: 60 });
  });

  it('keeps the differences of every counter of a process, from its first value on, and none below it', async () => {
    const property = fc.asyncProperty(arbitraryProcessRows, async (rows) => {
      const plan = await planOf(processKind, rows, { k: 1 });
      const released = rowsOf(plan.kind, plan.apply(buildRecordBatch(processKind, rows)));
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
    const released = await release(plan, buildRecordBatch(memoryKind, rows), 2);
    expect(released.map((row) => row['psi_cpu_some_us'])).toEqual([0, 1, 2, 0, 1, 2]);
    expect(released.map((row) => row['pgmajfault'])).toEqual([0, 1, 2, 0, 2, 4]);
  });

  it('makes sizes coarse and keeps the used swap exact', async () => {
    const sizes = { mem_total_kib: 24_684_092, swap_total_kib: 2_097_148, swap_free_kib: 2_000_000 };
    const rows = Array.from({ length: 5 }, () => snapshot({ ...sizes, cgroup_limit_bytes: null }));
    const plan = await planOf(memoryKind, rows);
    const view = buildAdrView('memory', plan.kind);
    const [row] = rowsOf(view.kind, view.toBatch(plan.apply(buildRecordBatch(memoryKind, rows))));
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
    const released = rowsOf(plan.kind, plan.apply(buildRecordBatch(memoryKind, rows)));
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
    const [row] = rowsOf(plan.kind, plan.apply(buildRecordBatch(optimizationKind, rows)));
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
      expect(() => plan.apply(buildRecordBatch(processKind, [processRow(change)]))).toThrow(stale);
    }
  });

  it('stops at the signal', async () => {
    const batch = buildRecordBatch(processKind, [processRow()]);
    const plan = createAnonymizer().plan(processKind, () => inPieces(batch, 1), AbortSignal.abort());
    await expect(plan).rejects.toThrow(/abort/);
  });

  it('gives no rows and saves no state once the key is destroyed', async () => {
    const rows = Array.from({ length: 5 }, () => processRow());
    const plan = await planOf(processKind, rows);
    expect(plan.report.key).toBe('in use');
    plan.destroyKey();
    expect(plan.report.key).toBe('destroyed');
    expect(() => plan.apply(buildRecordBatch(processKind, rows))).toThrow(/key of this release is destroyed/);
    expect(() => plan.toState()).toThrow(/key of this release is destroyed/);
  });
});

describe('restoreAnonymizationPlan()', () => {
  it('refuses the state of another table, or no state', async () => {
    const plan = await planOf(
      processKind,
      Array.from({ length: 5 }, () => processRow()),
    );
    const refused = expect.objectContaining({ code: 'ERR_PREPARE_OPTIONS' });
    expect(() => restoreAnonymizationPlan(memoryKind, plan.toState())).toThrow(refused);
    expect(() => restoreAnonymizationPlan(processKind, '{')).toThrow(refused);
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
