// The export document's own field names and units, computed from native records.
// Not a storage format: native integers stay the truth.
import type { MemorySnapshot, OptimizationEvent, ProcessRecord } from './records.ts';

/** MemorySnapshot of the export document. Sizes in MiB, `used_percent` 0–100. */
export interface AdrMemorySnapshot {
  timestamp: Date;
  total_mb: number;
  available_mb: number;
  /** Null where the host told no size. */
  used_percent: number | null;
  page_file_used_mb: number | null;
  processes_count: number;
}

/** ProcessRecord of the export document; `name_hash` replaces the name. */
export interface AdrProcessRecord {
  timestamp: Date;
  pid: number;
  name_hash: bigint;
  working_set_mb: number;
  private_bytes_mb: number | null;
  cpu_percent: number | null;
  io_read_bytes: number | null;
  io_write_bytes: number | null;
}

/** OptimizationEvent of the export document; `freed_mb` is the honest figure, null until it is known. */
export interface AdrOptimizationEvent {
  timestamp: Date;
  trigger: string;
  before_available_mb: number;
  after_available_mb: number | null;
  freed_mb: number | null;
  processes_trimmed: number;
  duration_ms: number;
  success: boolean;
}

const mib = (kib: number): number => kib / 1024;
const mibOrNull = (kib: number | null): number | null => (kib === null ? null : kib / 1024);

const finiteOrNull = (value: number): number | null => (Number.isFinite(value) ? value : null);

/** Share of memory that is not available, 0–100; not finite where the total is 0. */
export function usedPercentOf(row: Pick<MemorySnapshot, 'mem_total_kib' | 'mem_available_kib'>): number {
  return (1 - row.mem_available_kib / row.mem_total_kib) * 100;
}

/** Converts a snapshot to the export document's fields. */
export function toAdrMemorySnapshot(row: MemorySnapshot): AdrMemorySnapshot {
  const hasSwap = row.swap_total_kib !== null && row.swap_free_kib !== null;
  return {
    timestamp: new Date(row.timestamp),
    total_mb: mib(row.mem_total_kib),
    available_mb: mib(row.mem_available_kib),
    used_percent: finiteOrNull(usedPercentOf(row)),
    page_file_used_mb: hasSwap ? mib(row.swap_total_kib! - row.swap_free_kib!) : null,
    processes_count: row.process_count,
  };
}

/** Converts a process record; `hashName` is the keyed hash that replaces the name. */
export function toAdrProcessRecord(row: ProcessRecord, hashName: (name: string) => bigint): AdrProcessRecord {
  return {
    timestamp: new Date(row.timestamp),
    pid: row.pid,
    name_hash: hashName(row.name),
    working_set_mb: mib(row.rss_kib),
    private_bytes_mb: mibOrNull(row.private_kib),
    cpu_percent: row.cpu_percent,
    io_read_bytes: row.io_read_bytes,
    io_write_bytes: row.io_write_bytes,
  };
}

/** Converts an optimization event. */
export function toAdrOptimizationEvent(row: OptimizationEvent): AdrOptimizationEvent {
  return {
    timestamp: new Date(row.timestamp),
    trigger: row.trigger,
    before_available_mb: mib(row.before_available_kib),
    after_available_mb: mibOrNull(row.after_available_kib),
    freed_mb: mibOrNull(row.freed_kib),
    processes_trimmed: row.processes_trimmed,
    duration_ms: row.duration_us / 1000,
    success: row.success,
  };
}
