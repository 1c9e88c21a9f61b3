// pandas counts the groups of what was released and finds the k, the l and the hashes our report promises.
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as arrow from 'apache-arrow';
import { expect, it } from 'vitest';
import { buildRecordBatch, memoryKind, optimizationKind, processKind } from '../../../src/core/index.ts';
import type { AnyRow, RecordKind } from '../../../src/core/index.ts';
import { checkLDiversity, createAnonymizer } from '../../../src/prepare/index.ts';
import { mondayMs, snapshots } from '../../support/memory-rows.ts';
import { partitionsOf, release } from '../../support/prepare/frames.ts';
import { optimizationEvent, processRow } from '../../support/prepare/process-rows.ts';
import { python } from '../../support/python.ts';

const script = join(import.meta.dirname, '../../support/prepare/privacy-reference.py');
const minuteMs = 60_000;

/** Names from one row in two to one in hundreds, over two days: every rung of the ladder is needed. */
const processes = Array.from({ length: 3000 }, (_, i) =>
  processRow({
    timestamp: mondayMs + i * minuteMs,
    pid: i % 50,
    name: `name-${Math.floor(3000 / (i + 1))}-${i % 3}`,
  }),
);
const memory = snapshots(
  2000,
  (i) => ({
    mem_total_kib: i % 700 === 0 ? 9_000_000 + i : 16_000_000,
    swap_total_kib: i < 900 ? null : 2_000_000,
  }),
  minuteMs,
);
const events = Array.from({ length: 60 }, (_, i) =>
  optimizationEvent({ timestamp: mondayMs + i * i * minuteMs, error: i % 2 ? null : 'EPERM' }),
);

interface Reference {
  tables: Record<string, { rows: number; groups: number; k: number }>;
  hashes: Record<string, string>;
  l: { reached: number; entropy: number };
}

it('createAnonymizer() agrees with pandas and hmac on k, groups, rows, l and hashes', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'rvm-privacy-'));
  try {
    const key = Uint8Array.from({ length: 32 }, (_, i) => i * 7);
    const anonymizer = createAnonymizer({ key });
    const save = (name: string, batch: arrow.RecordBatch): Promise<void> =>
      writeFile(join(folder, name), arrow.tableToIPC(new arrow.Table([batch]), 'file'));
    const publish = async (kind: RecordKind, rows: readonly AnyRow[]) => {
      const plan = await anonymizer.planPartitions(kind, partitionsOf(kind, rows, 100));
      const released = await release(plan, kind, rows);
      await save(`${kind.name}.arrow`, buildRecordBatch(plan.kind, released));
      return { plan, released };
    };
    const released = {
      process: await publish(processKind, processes),
      memory: await publish(memoryKind, memory),
      optimization: await publish(optimizationKind, events),
    };
    const hours = memory.map(({ timestamp }) => anonymizer.generalizeTime(timestamp));
    const labels = memory.map((_, i) => (i % 97 < 3 || i % 60 < 2 ? i % 4 : 0));
    const labelled = { group: Float64Array.from(hours), label: Int32Array.from(labels) };
    await writeFile(join(folder, 'labels.arrow'), arrow.tableToIPC(arrow.tableFromArrays(labelled), 'file'));
    const time = ['timestamp', 'time_precision_ms'];
    const names = [...new Set(processes.map(({ name }) => name))];
    const request = {
      key: Buffer.from(key).toString('hex'),
      names,
      tables: {
        process: { file: 'process.arrow', quasi: [...time, 'name_hash'] },
        memory: {
          file: 'memory.arrow',
          quasi: [...time, 'mem_total_kib', 'swap_total_kib', 'cgroup_limit_bytes'],
        },
        optimization: { file: 'optimization.arrow', quasi: time },
      },
      labels: { file: 'labels.arrow', group: 'group', label: 'label' },
    };
    await writeFile(join(folder, 'request.json'), JSON.stringify(request));
    const { stdout } = await promisify(execFile)(python, [script, folder]);
    const reference = JSON.parse(stdout) as Reference;
    for (const [table, { plan }] of Object.entries(released)) {
      const { k, groups, rows } = plan.report;
      expect([table, reference.tables[table]]).toEqual([
        table,
        { rows: rows.released, groups, k: k.reached },
      ]);
      expect(k.reached).toBeGreaterThanOrEqual(5);
      expect(rows.released + rows.suppressed).toBe(rows.in);
    }
    expect(released.process.plan.report.rows.generalized).toBeGreaterThan(0);
    expectHashes(released.process.released, reference.hashes);
    const l = checkLDiversity(hours, labels);
    expect(l.reached).toBe(reference.l.reached);
    expect(l.entropy).toBeCloseTo(reference.l.entropy, 10);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

function expectHashes(released: readonly AnyRow[], hashes: Readonly<Record<string, string>>): void {
  const known = new Set(Object.values(hashes));
  const found = released.map((row) => row['name_hash']);
  expect(found.some((hash) => hash !== null)).toBe(true);
  expect(found.filter((hash) => hash !== null && !known.has(String(hash)))).toEqual([]);
}
