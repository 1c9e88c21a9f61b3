import { describe, expect, it } from 'vitest';
import { buildRecordBatch, labels, rowsOf } from '../../../src/core/index.ts';
import {
  createCgroupActuator,
  createGcActuator,
  createMadviseActuator,
} from '../../../src/optimize/index.ts';
import { createHostReaders } from '../../../src/optimize/host-readers.ts';
import { createLiveAnonymizer } from '../../../src/prepare/index.ts';
import { mondayMs, snapshot } from '../../support/memory-rows.ts';
import { optimizationEvent, processRow } from '../../support/prepare/process-rows.ts';

describe('createLiveAnonymizer()', () => {
  it('gives rows of the kind it says, for every table', () => {
    const live = createLiveAnonymizer();
    const given = { memory: snapshot(), process: processRow(), optimization: optimizationEvent() };
    for (const table of ['memory', 'process', 'optimization'] as const) {
      const rows = live.apply(table, [given[table]]);
      expect(rowsOf(live.kindOf(table), buildRecordBatch(live.kindOf(table), rows))).toEqual(rows);
    }
  });

  it('hashes names, numbers processes, counts from the first value and keeps the time', () => {
    const live = createLiveAnonymizer();
    const [first, second, other] = live.apply('process', [
      processRow({ pid: 1234, start_time_ticks: 777, cpu_time_ms: 5000 }),
      processRow({ pid: 1234, start_time_ticks: 777, cpu_time_ms: 5010, timestamp: mondayMs + 1 }),
      processRow({ pid: 1234, start_time_ticks: 999, cpu_time_ms: 3, name: 'other' }),
    ]);
    expect(second!['pid']).toBe(first!['pid']);
    expect(other!['pid']).not.toBe(first!['pid']);
    expect(first!['pid']).not.toBe(1234);
    expect([first, second, other].map((row) => row!['cpu_time_ms'])).toEqual([0, 10, 0]);
    expect(second!['timestamp']).toBe(mondayMs + 1);
    expect(first!['name_hash']).toBe(second!['name_hash']);
    expect(other!['name_hash']).not.toBe(first!['name_hash']);
    expect(first).not.toHaveProperty('name');
    expect(first).not.toHaveProperty('start_time_ticks');
  });

  it('gives a row that comes again the same values', () => {
    const live = createLiveAnonymizer();
    const row = processRow({ pid: 9, start_time_ticks: 1, cpu_time_ms: 50 });
    const [once] = live.apply('process', [row]);
    for (let pid = 0; pid < 20_000; pid++) live.apply('process', [processRow({ pid: pid + 100 })]);
    expect(live.apply('process', [row])).toEqual([once]);
  });

  it('rounds times when asked, and cannot be joined with another run', () => {
    const [a, b] = [createLiveAnonymizer({ timePrecisionMs: 1000 }), createLiveAnonymizer()];
    const [first] = a.apply('process', [processRow({ timestamp: mondayMs + 1999 })]);
    expect(first!['timestamp']).toBe(mondayMs + 1000);
    expect(b.apply('process', [processRow()])[0]!['name_hash']).not.toBe(first!['name_hash']);
  });

  it('takes all but codes out of an error, and sizes of machines are coarse', () => {
    const live = createLiveAnonymizer();
    const error = 'alice cannot write /srv/x: ENOSPC';
    expect(live.apply('optimization', [optimizationEvent({ error })])[0]!['error']).toBe('ENOSPC');
    const sizes = { mem_total_kib: 24_684_092, swap_total_kib: null, swap_free_kib: null };
    expect(live.apply('memory', [snapshot(sizes)])[0]).toMatchObject({
      mem_total_kib: 1.5 * 2 ** 24,
      swap_free_kib: null,
    });
  });

  it('knows the words of every actuator and label there is', () => {
    const live = createLiveAnonymizer();
    const options = { readers: createHostReaders() };
    const actuators = [createGcActuator(), createCgroupActuator(options), createMadviseActuator(options)];
    const names = actuators.map(({ name }) => name);
    for (const actuator of [...names, names.join('+'), '']) {
      expect(live.apply('optimization', [optimizationEvent({ actuator })])[0]!['actuator']).toBe(actuator);
    }
    for (const label of labels) {
      expect(live.apply('optimization', [optimizationEvent({ label })])[0]!['label']).toBe(label);
    }
  });

  it('throws once its key is destroyed', () => {
    const live = createLiveAnonymizer();
    live.destroyKey();
    expect(() => live.apply('memory', [snapshot()])).toThrow(/key of this release is destroyed/);
    expect(() => createLiveAnonymizer({ timePrecisionMs: 0 })).toThrow(/timePrecisionMs is 0/);
  });
});
