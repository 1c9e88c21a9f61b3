// Scans of processes beside memory snapshots: some common names, and one that must never leave.
import type { MemorySnapshot, ProcessRecord } from '../../../src/core/index.ts';

/** Twelve processes in every tenth snapshot. */
export function processScans(rows: readonly MemorySnapshot[]): ProcessRecord[] {
  return rows
    .filter((_, i) => i % 10 === 0)
    .flatMap(({ timestamp }, scan) =>
      Array.from({ length: 12 }, (_, i) => ({
        timestamp,
        pid: 100 + i,
        name: i === 11 ? 'secret-process' : `worker-${i % 3}`,
        rss_kib: 1000 * i + scan,
        shared_kib: 100,
        private_kib: i % 2 ? null : 500 + scan,
        swap_kib: null,
        cpu_percent: i / 4,
        cpu_time_ms: scan * i,
        io_read_bytes: 4096 * scan,
        io_write_bytes: null,
        minor_faults: scan,
        major_faults: 0,
        threads: 1 + i,
        start_time_ticks: 1000 + i,
      })),
    );
}
