import { describe, expect, it } from 'vitest';
import { resolveExport } from '../../../src/export/export-config.ts';
import { planExport } from '../../../src/export/export-plan.ts';
import type { PlanContext } from '../../../src/export/export-plan.ts';
import { sourceOfRows } from '../../support/export/row-partitions.ts';
import { snapshots } from '../../support/memory-rows.ts';

const context: PlanContext = {
  source: sourceOfRows({ memory: snapshots(20) }),
  resolved: resolveExport('all/', 'csv', { tables: ['memory', 'process', 'optimization'] }),
  onPlanned: () => {},
};

describe('planExport()', () => {
  it('gives an empty table the columns of the released one', async () => {
    const plan = await planExport(context, { toMs: Infinity });
    const names = Object.fromEntries(plan.tables.map(({ name, schema }) => [name, schema.names]));
    expect(names['process']).toContain('name_hash');
    expect(names['process']).not.toContain('start_time_ticks');
    expect(names['optimization']).toContain('time_precision_ms');
    expect(plan.privacy()!['process']).toMatchObject({ k: { reached: null }, rows: { released: 0 } });
  });
});
