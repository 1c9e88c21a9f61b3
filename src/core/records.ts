// The record kinds of the product. Native integer units on disk; `toAdr*` in adr.ts gives the
// names and units of the export document. Counters are cumulative since boot unless they say otherwise.
import { optional, required, withPrivacy } from './fields.ts';
import type { Field, RecordKind, RowOf } from './fields.ts';

const MEMINFO = '/proc/meminfo';
const VMSTAT = '/proc/vmstat';
const PSI = '/proc/pressure';
const FREE = '/proc/meminfo, /proc/zoneinfo';

/** System memory at one instant, with the pressure, refault, swap and reclaim counters. */
export const memoryKind = {
  name: 'memory',
  version: 1,
  fields: [
    withPrivacy('quasi-identifier', required('timestamp', 'timestamp', 'ms since epoch', 'clock')),
    withPrivacy('quasi-identifier', required('mem_total_kib', 'int64', 'KiB', MEMINFO)),
    optional('mem_free_kib', 'int64', 'KiB', MEMINFO),
    required('mem_available_kib', 'int64', 'KiB', MEMINFO),
    optional('buffers_kib', 'int64', 'KiB', MEMINFO),
    optional('cached_kib', 'int64', 'KiB', MEMINFO),
    optional('swap_cached_kib', 'int64', 'KiB', MEMINFO),
    optional('active_anon_kib', 'int64', 'KiB', MEMINFO),
    optional('inactive_anon_kib', 'int64', 'KiB', MEMINFO),
    optional('active_file_kib', 'int64', 'KiB', MEMINFO),
    optional('inactive_file_kib', 'int64', 'KiB', MEMINFO),
    optional('dirty_kib', 'int64', 'KiB', MEMINFO),
    optional('writeback_kib', 'int64', 'KiB', MEMINFO),
    optional('anon_pages_kib', 'int64', 'KiB', MEMINFO),
    optional('mapped_kib', 'int64', 'KiB', MEMINFO),
    optional('shmem_kib', 'int64', 'KiB', MEMINFO),
    optional('slab_reclaimable_kib', 'int64', 'KiB', MEMINFO),
    optional('slab_unreclaimable_kib', 'int64', 'KiB', MEMINFO),
    optional('committed_as_kib', 'int64', 'KiB', MEMINFO),
    withPrivacy('quasi-identifier', optional('swap_total_kib', 'int64', 'KiB', MEMINFO)),
    optional('swap_free_kib', 'int64', 'KiB', MEMINFO),
    optional('pgscan_kswapd', 'int64', 'pages', VMSTAT),
    optional('pgscan_direct', 'int64', 'pages', VMSTAT),
    optional('pgsteal_kswapd', 'int64', 'pages', VMSTAT),
    optional('pgsteal_direct', 'int64', 'pages', VMSTAT),
    optional('workingset_refault_anon', 'int64', 'pages', VMSTAT),
    optional('workingset_refault_file', 'int64', 'pages', VMSTAT),
    optional('pswpin', 'int64', 'pages', VMSTAT),
    optional('pswpout', 'int64', 'pages', VMSTAT),
    optional('pgmajfault', 'int64', 'faults', VMSTAT),
    optional('oom_kill', 'int64', 'kills', VMSTAT),
    optional('psi_memory_some_us', 'int64', 'µs', PSI),
    optional('psi_memory_full_us', 'int64', 'µs', PSI),
    optional('psi_io_some_us', 'int64', 'µs', PSI),
    optional('psi_io_full_us', 'int64', 'µs', PSI),
    optional('psi_cpu_some_us', 'int64', 'µs', PSI),
    optional('cgroup_usage_bytes', 'int64', 'bytes', 'memory cgroup of this process'),
    withPrivacy(
      'quasi-identifier',
      optional('cgroup_limit_bytes', 'int64', 'bytes', 'memory cgroup of this process; null when unlimited'),
    ),
    required('process_count', 'int32', 'processes', '/proc'),
    optional('top_process_rss_kib', 'int64', 'KiB', '/proc/PID/statm, largest'),
    optional('cgroup_oom_kill', 'int64', 'kills', 'memory cgroup of this process'),
    // Count from the optimizer's start, not from the boot: see `OwnRefaults` in prepare.
    optional('own_refault_file', 'int64', 'pages paged out by the optimizer that came back', 'optimizer'),
    optional('own_refault_anon', 'int64', 'pages paged out by the optimizer that came back', 'optimizer'),
  ],
} as const satisfies RecordKind;
export type MemorySnapshot = RowOf<typeof memoryKind.fields>;

/** One process at one instant. */
export const processKind = {
  name: 'process',
  version: 1,
  fields: [
    withPrivacy('quasi-identifier', required('timestamp', 'timestamp', 'ms since epoch', 'clock')),
    withPrivacy('identifier', required('pid', 'int32', 'pid', '/proc')),
    withPrivacy(
      'identifier',
      required('name', 'utf8', 'command name, never the command line', '/proc/PID/stat'),
    ),
    required('rss_kib', 'int64', 'KiB', '/proc/PID/statm'),
    optional('shared_kib', 'int64', 'KiB', '/proc/PID/statm'),
    optional('private_kib', 'int64', 'KiB', '/proc/PID/smaps_rollup, largest processes only'),
    optional('swap_kib', 'int64', 'KiB', '/proc/PID/smaps_rollup, largest processes only'),
    optional('cpu_percent', 'float32', 'percent of one core since the last sample', '/proc/PID/stat'),
    optional('cpu_time_ms', 'int64', 'ms', '/proc/PID/stat'),
    optional('io_read_bytes', 'int64', 'bytes', '/proc/PID/io'),
    optional('io_write_bytes', 'int64', 'bytes', '/proc/PID/io'),
    optional('minor_faults', 'int64', 'faults', '/proc/PID/stat'),
    optional('major_faults', 'int64', 'faults', '/proc/PID/stat'),
    optional('threads', 'int32', 'threads', '/proc/PID/stat'),
    withPrivacy(
      'identifier',
      optional('start_time_ticks', 'int64', 'clock ticks since boot', '/proc/PID/stat'),
    ),
  ],
} as const satisfies RecordKind;
export type ProcessRecord = RowOf<typeof processKind.fields>;

/** One action of the optimizer and what it really did. */
export const optimizationKind = {
  name: 'optimization',
  version: 1,
  fields: [
    withPrivacy('quasi-identifier', required('timestamp', 'timestamp', 'ms since epoch', 'clock')),
    required('trigger', 'utf8', 'model, rule or manual', 'optimizer'),
    required('label', 'utf8', 'decided label', 'optimizer'),
    required('mode', 'utf8', 'act or dry_run', 'optimizer'),
    required('actuator', 'utf8', 'actuator name', 'optimizer'),
    optional('model_version', 'utf8', 'name@version', 'model host'),
    required('before_available_kib', 'int64', 'KiB', MEMINFO),
    optional('after_available_kib', 'int64', 'KiB, at the end of the next window', MEMINFO),
    required('before_free_kib', 'int64', 'KiB, MemFree and per-CPU free lists', FREE),
    optional('after_free_kib', 'int64', 'KiB, at the end of the next window', FREE),
    optional(
      'drift_kib',
      'int64',
      'KiB the host figure moved by itself in windows of this length',
      'optimizer',
    ),
    optional(
      'freed_kib',
      'int64',
      'KiB taken and still out at the end of the window, net; null when unknown',
      'optimizer',
    ),
    optional('rss_drop_kib', 'int64', 'KiB', '/proc/PID/statm'),
    optional('advised_kib', 'int64', 'KiB handed to the kernel', 'actuator'),
    required('processes_trimmed', 'int32', 'processes', 'actuator'),
    required('duration_us', 'int64', 'µs of the action', 'actuator'),
    required('success', 'bool', 'the action ran and its outcome was seen', 'optimizer'),
    withPrivacy('free-text', optional('error', 'utf8', 'message', 'optimizer')),
    optional('goal', 'utf8', 'relieve or save', 'optimizer'),
    withPrivacy('free-text', optional('scarce', 'utf8', 'who was short: host, a cgroup, save', 'optimizer')),
    optional('taken_kib', 'int64', 'KiB that left the targets with the action', 'pagemap'),
    optional('returned_kib', 'int64', 'KiB of these back in memory at the end of the window', 'pagemap'),
    optional('compressed_kib', 'int64', 'KiB that keeping the others compressed takes', 'zram, zswap'),
    optional('host_freed_kib', 'int64', 'KiB the host figure moved, less drift: a cross-check', FREE),
    optional('host_noise_kib', 'int64', 'KiB, spread of the host figure', 'optimizer'),
    optional('target_major_faults', 'int64', 'faults of the targets in the window', '/proc/PID/stat'),
    optional('target_stall_us', 'int64', 'µs the targets waited for what came back', 'optimizer'),
    optional('own_rss_kib', 'int64', 'KiB this process takes itself', '/proc/self'),
  ],
} as const satisfies RecordKind;
export type OptimizationEvent = RowOf<typeof optimizationKind.fields>;

/** The record kinds the history stores, by name. */
export const recordKinds: Readonly<Record<string, RecordKind>> = {
  memory: memoryKind,
  process: processKind,
  optimization: optimizationKind,
};

/** Labels in order of severity; a training label is the index into this list. */
export const labels = ['NoActionNeeded', 'ShouldOptimize', 'ShouldOptimizeAggressive', 'Critical'] as const;
export type Label = (typeof labels)[number];

/** The record kind of labelled training samples over the given float32 features. */
export function trainingKind(featureNames: readonly string[]): RecordKind {
  const features = featureNames.map((name): Field => optional(name, 'float32', 'feature', 'prepare'));
  return {
    name: 'training',
    version: 1,
    fields: [
      required('timestamp', 'timestamp', 'ms since epoch', 'clock'),
      ...features,
      required('label', 'int8', 'index into labels', 'prepare'),
      required('split', 'utf8', 'train, gap or test', 'prepare'),
    ],
  };
}
