import { expect, it } from 'vitest';
import { describeExposure } from '../../../src/export/index.ts';

it('describeExposure() names what anonymisation would have changed, by the names users see', () => {
  const [memory, process, optimization] = describeExposure(['memory', 'process', 'optimization']);
  const names = (exposure: typeof memory): string[] => exposure!.columns.map(({ name }) => name);
  expect(names(memory)).toEqual(['timestamp', 'total_mb', 'swap_total_kib', 'cgroup_limit_bytes']);
  expect(names(process)).toEqual(['timestamp', 'pid', 'name', 'start_time_ticks']);
  expect(names(optimization)).toContain('error');
});

it('describeExposure() leaves out columns that are not exported', () => {
  const [{ columns } = { columns: [] }] = describeExposure(['process'], ['timestamp', 'working_set_mb']);
  expect(columns.map(({ name }) => name)).toEqual(['timestamp']);
  const [document] = describeExposure(['process'], 'document');
  expect(document!.columns.map(({ name }) => name)).toEqual(['timestamp', 'pid', 'name']);
});
