import { describe, expect, it } from 'vitest';
import {
  optimizationKind,
  processKind,
  toAdrMemorySnapshot,
  toAdrOptimizationEvent,
  toAdrProcessRecord,
  usedPercentOf,
} from '../../../src/core/index.ts';
import type { OptimizationEvent, ProcessRecord } from '../../../src/core/index.ts';
import { mondayMs, snapshot } from '../../support/memory-rows.ts';

const empty = (kind: { fields: readonly { name: string }[] }) =>
  Object.fromEntries(kind.fields.map((field) => [field.name, null]));

describe('toAdrMemorySnapshot()', () => {
  it("gives the export document's fields in MiB and percent", () => {
    const row = snapshot({
      mem_total_kib: 16 * 1024,
      mem_available_kib: 4 * 1024,
      swap_total_kib: 2048,
      swap_free_kib: 512,
    });
    expect(toAdrMemorySnapshot(row)).toEqual({
      timestamp: new Date(mondayMs),
      total_mb: 16,
      available_mb: 4,
      used_percent: 75,
      page_file_used_mb: 1.5,
      processes_count: 100,
    });
  });

  it('gives null for swap that the host does not report, and 0 for a host without swap', () => {
    expect(toAdrMemorySnapshot(snapshot({ swap_total_kib: null })).page_file_used_mb).toBeNull();
    expect(toAdrMemorySnapshot(snapshot()).page_file_used_mb).toBe(0);
  });
});

describe('usedPercentOf()', () => {
  it('is the share of memory that is not available', () => {
    expect(usedPercentOf({ mem_total_kib: 200, mem_available_kib: 50 })).toBe(75);
    expect(usedPercentOf({ mem_total_kib: 200, mem_available_kib: 200 })).toBe(0);
  });
});

describe('toAdrProcessRecord()', () => {
  it('replaces the name by its hash and converts KiB to MiB', () => {
    const row = {
      ...empty(processKind),
      timestamp: mondayMs,
      pid: 7,
      name: 'redis',
      rss_kib: 2048,
      private_kib: 1024,
      cpu_percent: 1.5,
      io_read_bytes: 10,
    } as unknown as ProcessRecord;
    const record = toAdrProcessRecord(row, (name) => name.length.toString(16).padStart(16, '0'));
    expect(record).toEqual({
      timestamp: new Date(mondayMs),
      pid: 7,
      name_hash: '0000000000000005',
      working_set_mb: 2,
      private_bytes_mb: 1,
      cpu_percent: 1.5,
      io_read_bytes: 10,
      io_write_bytes: null,
    });
  });
});

describe('toAdrOptimizationEvent()', () => {
  const event = {
    ...empty(optimizationKind),
    timestamp: mondayMs,
    trigger: 'model',
    before_available_kib: 1024,
    processes_trimmed: 2,
    duration_us: 1500,
    success: true,
  } as unknown as OptimizationEvent;

  it('gives what was freed as MemFree, not as RSS', () => {
    const row = { ...event, after_available_kib: 3072, freed_kib: 512, rss_drop_kib: 4096 };
    expect(toAdrOptimizationEvent(row)).toEqual({
      timestamp: new Date(mondayMs),
      trigger: 'model',
      before_available_mb: 1,
      after_available_mb: 3,
      freed_mb: 0.5,
      processes_trimmed: 2,
      duration_ms: 1.5,
      success: true,
    });
  });

  it('gives null while the outcome is not known', () => {
    expect(toAdrOptimizationEvent(event)).toMatchObject({ after_available_mb: null, freed_mb: null });
  });
});
