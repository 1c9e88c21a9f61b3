// The columns of a snapshot that features and labels are computed from: all that a training set reads of a history.
import type { MemorySnapshot } from '../core/index.ts';

/** Counters of the host, of the optimizer itself and of its cgroup: they grow, and begin again at a boot or a start. */
export const counterColumns = [
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
  'own_refault_file',
  'own_refault_anon',
] as const satisfies readonly (keyof MemorySnapshot)[];

/** Counters of kills, which are rare and decide labels. */
export const killColumns = [
  'oom_kill',
  'cgroup_oom_kill',
] as const satisfies readonly (keyof MemorySnapshot)[];

export const snapshotColumns = [
  'timestamp',
  'mem_total_kib',
  'mem_available_kib',
  ...counterColumns,
  ...killColumns,
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
