// What the page draws of memory: columns of the record as they are, differences of two, and counters as rates. One table
// for the plans over the history and for the newest sample, so that both say the same. Pure.
import type { AnyRow, MemorySnapshot } from '../core/index.ts';

type Column = Extract<keyof MemorySnapshot, string>;

/** One thing to draw. */
export interface PageField {
  readonly name: string;
  readonly unit: string;
  /** A gauge is what a row says, a rate what changed since the row before, by the second. */
  readonly kind: 'gauge' | 'rate';
  readonly column: Column;
  /** Taken off the column. */
  readonly minus?: Column;
  /** A rate is multiplied by this. */
  readonly scale?: number;
}

/** A rate over a longer pause says nothing of any moment in it. */
export const MAX_RATE_GAP_MS = 60_000;

/** µs of stall in a second → percent of the time. */
const US_TO_PERCENT = 1e-4;

const gauge = (column: Column, unit = 'KiB'): PageField => ({ name: column, unit, kind: 'gauge', column });
const psi = (name: string, column: Column): PageField => ({
  name,
  unit: '% of the time',
  kind: 'rate',
  column,
  scale: US_TO_PERCENT,
});
const rate = (name: string, column: Column, unit: string): PageField => ({
  name,
  unit,
  kind: 'rate',
  column,
});

/** Everything that can be drawn, by name. */
export const pageFields: ReadonlyMap<string, PageField> = new Map(
  [
    gauge('mem_total_kib'),
    gauge('mem_free_kib'),
    gauge('mem_available_kib'),
    { ...gauge('mem_total_kib'), name: 'mem_used_kib', minus: 'mem_available_kib' } as const,
    gauge('buffers_kib'),
    gauge('cached_kib'),
    gauge('anon_pages_kib'),
    gauge('shmem_kib'),
    gauge('slab_reclaimable_kib'),
    gauge('dirty_kib'),
    gauge('committed_as_kib'),
    gauge('swap_total_kib'),
    { ...gauge('swap_total_kib'), name: 'swap_used_kib', minus: 'swap_free_kib' } as const,
    gauge('cgroup_usage_bytes', 'bytes'),
    gauge('process_count', 'processes'),
    gauge('top_process_rss_kib'),
    psi('psi_memory_some_percent', 'psi_memory_some_us'),
    psi('psi_memory_full_percent', 'psi_memory_full_us'),
    psi('psi_io_some_percent', 'psi_io_some_us'),
    psi('psi_io_full_percent', 'psi_io_full_us'),
    psi('psi_cpu_some_percent', 'psi_cpu_some_us'),
    rate('refault_anon_per_s', 'workingset_refault_anon', 'pages/s'),
    rate('refault_file_per_s', 'workingset_refault_file', 'pages/s'),
    rate('swap_in_per_s', 'pswpin', 'pages/s'),
    rate('swap_out_per_s', 'pswpout', 'pages/s'),
    rate('major_faults_per_s', 'pgmajfault', 'faults/s'),
    rate('scan_direct_per_s', 'pgscan_direct', 'pages/s'),
    rate('scan_kswapd_per_s', 'pgscan_kswapd', 'pages/s'),
    rate('oom_kills_per_s', 'oom_kill', 'kills/s'),
  ].map((field) => [field.name, field]),
);

/** Values of one row; null where the host has none, and for a rate without a row shortly before. */
export function valuesOf(row: AnyRow, before: AnyRow | null): Record<string, number | null> {
  const values: Record<string, number | null> = {};
  for (const field of pageFields.values()) {
    values[field.name] = field.kind === 'gauge' ? gaugeOf(field, row) : rateOf(field, row, before);
  }
  return values;
}

function gaugeOf({ column, minus }: PageField, row: AnyRow): number | null {
  const value = numberOf(row, column);
  if (minus === undefined || value === null) return value;
  const other = numberOf(row, minus);
  return other === null ? null : value - other;
}

/** A counter that falls is another boot. */
function rateOf({ column, scale = 1 }: PageField, row: AnyRow, before: AnyRow | null): number | null {
  if (before === null) return null;
  const elapsedMs = Number(row['timestamp']) - Number(before['timestamp']);
  const [value, earlier] = [numberOf(row, column), numberOf(before, column)];
  if (value === null || earlier === null || value < earlier) return null;
  if (elapsedMs <= 0 || elapsedMs > MAX_RATE_GAP_MS) return null;
  return ((value - earlier) / elapsedMs) * 1000 * scale;
}

function numberOf(row: AnyRow, column: Column): number | null {
  const value = row[column];
  return value === null || value === undefined ? null : Number(value);
}
