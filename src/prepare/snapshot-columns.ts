// The columns of a snapshot that features and labels are computed from: all that a training set reads of a history.
import type { MemorySnapshot } from '../core/index.ts';

export const snapshotColumns = [
  'timestamp',
  'mem_total_kib',
  'mem_free_kib',
  'mem_available_kib',
  'active_file_kib',
  'inactive_file_kib',
  'dirty_kib',
  'swap_total_kib',
  'swap_free_kib',
  'pgscan_kswapd',
  'pgscan_direct',
  'pgsteal_kswapd',
  'pgsteal_direct',
  'workingset_refault_anon',
  'workingset_refault_file',
  'pswpin',
  'pswpout',
  'pgmajfault',
  'oom_kill',
  'psi_memory_some_us',
  'psi_memory_full_us',
  'psi_io_some_us',
  'psi_cpu_some_us',
  'cgroup_usage_bytes',
  'cgroup_limit_bytes',
  'process_count',
  'top_process_rss_kib',
  'cgroup_oom_kill',
  'own_refault_file',
  'own_refault_anon',
] as const satisfies readonly (keyof MemorySnapshot)[];

/** What formulas see of a snapshot: a formula over another column does not compile. */
export type SnapshotValues = Pick<MemorySnapshot, (typeof snapshotColumns)[number]>;
