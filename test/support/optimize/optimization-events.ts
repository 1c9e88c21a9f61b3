// Actions of the optimizer beside memory snapshots, with what a host may lack left out.
import type { MemorySnapshot, OptimizationEvent } from '../../../src/core/index.ts';

/** One event for every tenth snapshot. */
export function optimizationEvents(rows: readonly MemorySnapshot[]): OptimizationEvent[] {
  return rows
    .filter((_, i) => i % 10 === 0)
    .map(({ timestamp, mem_available_kib }, i) => ({
      timestamp,
      trigger: 'rule',
      label: 'ShouldOptimize',
      mode: 'dry_run',
      actuator: 'gc',
      model_version: i % 3 === 0 ? 'memopt@1' : null,
      before_available_kib: mem_available_kib,
      after_available_kib: i % 2 === 0 ? mem_available_kib + 100 : null,
      before_free_kib: mem_available_kib,
      after_free_kib: null,
      drift_kib: null,
      freed_kib: i % 2 === 0 ? 100 : null,
      rss_drop_kib: null,
      advised_kib: null,
      processes_trimmed: 1,
      duration_us: 500 + i,
      success: i % 2 === 0,
      error: i % 2 === 0 ? null : 'EPERM: operation not permitted',
      goal: 'relieve',
      scarce: i % 2 === 0 ? 'host' : null,
      taken_kib: i % 2 === 0 ? 100 : null,
      returned_kib: i % 2 === 0 ? 0 : null,
      compressed_kib: null,
      host_freed_kib: null,
      host_noise_kib: null,
      target_major_faults: i % 2 === 0 ? i : null,
      target_stall_us: null,
      own_rss_kib: 90_000,
    }));
}
