// Process rows and optimization events with every field filled, and arbitrary ones for properties.
import * as fc from 'fast-check';
import { optimizationKind, processKind } from '../../../src/core/index.ts';
import type { OptimizationEvent, ProcessRecord } from '../../../src/core/index.ts';
import { mondayMs } from '../memory-rows.ts';

const nulls = (fields: readonly { name: string }[]): object =>
  Object.fromEntries(fields.map(({ name }) => [name, null]));

/** A process with null in everything it may lack. */
export function processRow(changes: Partial<ProcessRecord> = {}): ProcessRecord {
  const row = { timestamp: mondayMs, pid: 42, name: 'postgres', rss_kib: 1000, ...changes };
  return { ...nulls(processKind.fields), ...row } as ProcessRecord;
}

/** An event of a dry run. */
export function optimizationEvent(changes: Partial<OptimizationEvent> = {}): OptimizationEvent {
  return {
    ...nulls(optimizationKind.fields),
    timestamp: mondayMs,
    trigger: 'rule',
    label: 'Critical',
    mode: 'act',
    actuator: 'gc',
    before_available_kib: 1000,
    before_free_kib: 500,
    processes_trimmed: 0,
    duration_us: 10,
    success: false,
    ...changes,
  } as OptimizationEvent;
}

/** Rows of few names, processes and hours, in time order: groups of every size. */
export const arbitraryProcessRows: fc.Arbitrary<ProcessRecord[]> = fc
  .array(
    fc.record({
      timestamp: fc.integer({ min: 0, max: 96 * 4 }).map((quarter) => mondayMs + quarter * 900_000 + 7),
      pid: fc.integer({ min: 1, max: 6 }),
      start_time_ticks: fc.constantFrom(100, 200, null),
      name: fc.constantFrom('postgres', 'node', 'größe', 'a', ''),
      rss_kib: fc.integer({ min: 0, max: 2 ** 40 }),
      cpu_time_ms: fc.option(fc.integer({ min: 0, max: 2 ** 50 }), { nil: null }),
      io_read_bytes: fc.option(fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }), { nil: null }),
    }),
    { minLength: 1, maxLength: 120 },
  )
  .map((rows) => rows.sort((a, b) => a.timestamp - b.timestamp).map((row) => processRow(row)));
