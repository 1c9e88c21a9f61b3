// Memory snapshots for tests: a quiet 16 GB host, changed where a test needs it.
import { memoryKind } from '../../src/core/index.ts';
import type { MemorySnapshot } from '../../src/core/index.ts';

/** A Monday, 00:00 UTC. */
export const mondayMs = Date.UTC(2024, 0, 1);

const quiet = {
  ...Object.fromEntries(memoryKind.fields.map((field) => [field.name, 0])),
  timestamp: mondayMs,
  mem_total_kib: 16_000_000,
  mem_free_kib: 4_000_000,
  mem_available_kib: 8_000_000,
  process_count: 100,
  top_process_rss_kib: 1_600_000,
  cgroup_limit_bytes: null,
} as unknown as MemorySnapshot;

/** One snapshot. */
export function snapshot(changes: Partial<MemorySnapshot> = {}): MemorySnapshot {
  return { ...quiet, ...changes };
}

/** `count` snapshots `intervalMs` apart; `change` gives what differs in row i. */
export function snapshots(
  count: number,
  change: (row: number) => Partial<MemorySnapshot> = () => ({}),
  intervalMs = 1000,
): MemorySnapshot[] {
  return Array.from({ length: count }, (_, i) =>
    snapshot({ timestamp: mondayMs + i * intervalMs, ...change(i) }),
  );
}

/** A host with a minute of pressure in every `cycle` rows, counters included. */
export function pressuredSnapshots(count: number, cycle = 200, intervalMs = 1000): MemorySnapshot[] {
  let hotRows = 0;
  return snapshots(
    count,
    (row) => {
      const phase = row % cycle;
      const isHot = phase >= cycle * 0.6;
      hotRows += isHot ? 1 : 0;
      const depth = isHot ? (phase - cycle * 0.6) / (cycle * 0.4) : 0;
      return {
        mem_available_kib: Math.round(8_000_000 - 7_600_000 * depth + ((row * 7919) % 1000)),
        psi_memory_some_us: hotRows * 20_000,
        psi_memory_full_us: hotRows * 2000,
        workingset_refault_file: hotRows * 500,
        pgscan_kswapd: hotRows * 4000,
        pgsteal_kswapd: hotRows * 3000,
        pgmajfault: hotRows * 100,
        dirty_kib: (row * 31) % 5000,
        process_count: 100 + (row % 17),
      };
    },
    intervalMs,
  );
}
