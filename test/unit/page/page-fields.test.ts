// What the page draws of a row: the same names as in a range, null where nothing is known.
import { describe, expect, it } from 'vitest';
import { pageFields, valuesOf } from '../../../src/page/page-fields.ts';
import { snapshot } from '../../support/memory-rows.ts';

const at = (timestamp: number, changes: object = {}): ReturnType<typeof snapshot> =>
  snapshot({ timestamp, swap_total_kib: 2048, swap_free_kib: 2000, ...changes });

describe('valuesOf()', () => {
  it('takes gauges as they are, and differences of two', () => {
    const values = valuesOf(at(0, { mem_total_kib: 100, mem_available_kib: 30, cached_kib: 7 }), null);
    expect(values).toMatchObject({ mem_total_kib: 100, mem_used_kib: 70, cached_kib: 7, swap_used_kib: 48 });
    expect(Object.keys(values)).toEqual([...pageFields.keys()]);
  });

  it('makes rates of counters: by the second, stall in percent of the time', () => {
    const before = at(1000, { psi_memory_some_us: 0, workingset_refault_file: 10, pgmajfault: 5 });
    const now = at(1500, { psi_memory_some_us: 250_000, workingset_refault_file: 60, pgmajfault: 5 });
    expect(valuesOf(now, before)).toMatchObject({
      psi_memory_some_percent: 50,
      refault_file_per_s: 100,
      major_faults_per_s: 0,
    });
  });

  it.each([
    ['there is no row before it', null, 2000],
    ['the counter fell, as after a boot', { pswpin: 9 }, 2000],
    ['the host has no such counter', { pswpin: null }, 2000],
    ['the pause is longer than a minute', { pswpin: 1 }, 62_001],
    ['the clock was set back', { pswpin: 1 }, 500],
    ['the time is the same', { pswpin: 1 }, 1000],
  ])('has no rate when %s', (_, changes, nowMs) => {
    const before = changes && at(1000, changes);
    expect(valuesOf(at(nowMs, { pswpin: 5 }), before)['swap_in_per_s']).toBeNull();
  });

  it('says null, never 0, of a difference whose other side is not known', () => {
    expect(valuesOf(at(0, { swap_free_kib: null }), null)['swap_used_kib']).toBeNull();
  });
});
