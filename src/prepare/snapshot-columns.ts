// The columns of a snapshot that features and labels are computed from: all that a training set reads of a history.
import type { MemorySnapshot } from '../core/index.ts';

export const snapshotColumns = [
  'timestamp',
  'mem_total_kib',
  'mem_available_kib',
  // Counters of the host.
  'psi_memory_some_us',
  'psi_memory_full_us',
  'psi_io_some_us',
  'psi_cpu_some_us',
  'workingset_refault_file',
  'workingset_refault_anon',
  'pswpin',
  'pswpout',
  'pgmajfault',
  'pgscan_kswapd',
  'pgscan_direct',
  'pgsteal_kswapd',
  'pgsteal_direct',
  'oom_kill',
  // Counters of its cgroup and of the optimizer.
  'cgroup_oom_kill',
  'own_refault_file',
  'own_refault_anon',
  // What formulas over one snapshot look at.
  'mem_free_kib',
  'active_file_kib',
  'inactive_file_kib',
  'dirty_kib',
  'swap_total_kib',
  'swap_free_kib',
  'cgroup_usage_bytes',
  'cgroup_limit_bytes',
  'process_count',
  'top_process_rss_kib',
] as const satisfies readonly (keyof MemorySnapshot)[];

/** What formulas see of a snapshot: a formula over another column does not compile. */
export type SnapshotValues = Pick<MemorySnapshot, (typeof snapshotColumns)[number]>;
