import { describe, expect, it } from 'vitest';
import { buildRecordBatch, memoryKind } from '../../../src/core/index.ts';
import { resolveExport } from '../../../src/export/export-config.ts';
import { planExport, resumePlan } from '../../../src/export/export-plan.ts';
import type { PlanContext } from '../../../src/export/export-plan.ts';
import { snapshots } from '../../support/memory-rows.ts';

const context: PlanContext = {
  source: {
    async *query(table) {
      if (table === 'memory') yield buildRecordBatch(memoryKind, snapshots(20));
    },
    partitions: () => Promise.resolve([]),
  },
  resolved: resolveExport('all/', 'csv', { tables: ['memory', 'process', 'optimization'] }),
  onPlanned: () => {},
};

describe('planExport()', () => {
  it('gives an empty table the columns of the released one, also when it is taken up again', async () => {
    const plan = await planExport(context, { toMs: Infinity });
    const resumed = await resumePlan(context, plan.secretState);
    for (const { tables } of [plan, resumed!]) {
      const names = Object.fromEntries(tables.map(({ name, schema }) => [name, schema.names]));
      expect(names['process']).toContain('name_hash');
      expect(names['process']).not.toContain('start_time_ticks');
      expect(names['optimization']).toContain('time_precision_ms');
    }
    expect(plan.privacy()!['process']).toMatchObject({ k: { reached: null }, rows: { released: 0 } });
  });
});
