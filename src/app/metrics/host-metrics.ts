// Metrics of the machine: memory, pressure, reclaim, swap, the daemon's memory cgroup. All of them are columns of
// the newest sample, in base units.
import { memoryKind } from '../../core/index.ts';
import { byKey, converted, counter, gauge, kibToBytes, usToSeconds } from './metric.ts';
import type { Metric, MetricsSource, Value } from './metric.ts';
import type { MemorySnapshot } from '../../core/index.ts';

type Column = keyof MemorySnapshot;

const same = (value: number): number => value;

const column =
  (name: Column, convert = same) =>
  ({ snapshot }: MetricsSource): Value =>
    snapshot === null ? null : converted(snapshot[name], convert);

const columns =
  (label: string, names: Readonly<Record<string, Column>>, convert = same): Metric['read'] =>
  ({ snapshot }) =>
    snapshot === null
      ? []
      : byKey(
          label,
          Object.fromEntries(
            Object.entries(names).map(([key, name]) => [key, converted(snapshot[name], convert)]),
          ),
        );

/** Every KiB column of a sample but one that is no level of the machine. */
const levels = memoryKind.fields
  .map(({ name }) => name)
  .filter((name) => name.endsWith('_kib') && name !== 'top_process_rss_kib');

/** `mem_available_kib` → `ruvector_memory_available_bytes`. */
function levelMetric(name: Column): Metric {
  const what = name.replace(/^mem_/, '').replace(/_kib$/, '');
  const help = `Memory of the machine: ${what.replaceAll('_', ' ')} (/proc/meminfo).`;
  return gauge(`ruvector_memory_${what}_bytes`, help, column(name, kibToBytes));
}

/** Metrics of the machine. */
export const hostMetrics: readonly Metric[] = [
  ...levels.map((name) => levelMetric(name)),
  gauge(
    'ruvector_memory_largest_process_bytes',
    'Resident memory of the largest process; which one it is, is not told.',
    column('top_process_rss_kib', kibToBytes),
  ),
  gauge('ruvector_processes', 'Processes of the machine.', column('process_count')),
  counter(
    'ruvector_pressure_some_seconds_total',
    'Time since boot in which at least one task waited for the resource (PSI some).',
    columns(
      'resource',
      { memory: 'psi_memory_some_us', io: 'psi_io_some_us', cpu: 'psi_cpu_some_us' },
      usToSeconds,
    ),
    ['resource'],
  ),
  counter(
    'ruvector_pressure_full_seconds_total',
    'Time since boot in which all tasks waited for the resource at once (PSI full; the kernel defines none for the CPU).',
    columns('resource', { memory: 'psi_memory_full_us', io: 'psi_io_full_us' }, usToSeconds),
    ['resource'],
  ),
  counter(
    'ruvector_refault_pages_total',
    'Pages since boot that were read back after they had been evicted.',
    columns('type', { file: 'workingset_refault_file', anon: 'workingset_refault_anon' }),
    ['type'],
  ),
  counter(
    'ruvector_major_faults_total',
    'Page faults since boot that waited for a device.',
    column('pgmajfault'),
  ),
  counter('ruvector_swap_in_pages_total', 'Pages read from swap since boot.', column('pswpin')),
  counter('ruvector_swap_out_pages_total', 'Pages written to swap since boot.', column('pswpout')),
  counter(
    'ruvector_scanned_pages_total',
    'Pages looked at for reclaim since boot, by the background thread or by a task that needed memory.',
    columns('by', { kswapd: 'pgscan_kswapd', direct: 'pgscan_direct' }),
    ['by'],
  ),
  counter(
    'ruvector_reclaimed_pages_total',
    'Pages reclaimed since boot, by the background thread or by a task that needed memory.',
    columns('by', { kswapd: 'pgsteal_kswapd', direct: 'pgsteal_direct' }),
    ['by'],
  ),
  counter(
    'ruvector_oom_kills_total',
    'Processes the kernel killed for memory since boot.',
    column('oom_kill'),
  ),
  gauge(
    'ruvector_cgroup_memory_usage_bytes',
    'Memory of the cgroup the daemon runs in.',
    column('cgroup_usage_bytes'),
  ),
  gauge(
    'ruvector_cgroup_memory_limit_bytes',
    'Limit of that cgroup; absent when it has none.',
    column('cgroup_limit_bytes'),
  ),
  counter(
    'ruvector_cgroup_oom_kills_total',
    'Processes of that cgroup the kernel killed for memory.',
    column('cgroup_oom_kill'),
  ),
];
