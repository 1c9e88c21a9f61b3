// The source of macOS, Windows and other systems, through the package systeminformation: it starts
// the system's own tools, so a scan costs tens of milliseconds. What they do not tell is null.
// https://systeminformation.io
import { mem, processes } from 'systeminformation';
import type { Systeminformation } from 'systeminformation';
import type { ProcessRecord } from '../core/index.ts';
import { guardRow } from './column-range.ts';
import type { Notes } from './part-notes.ts';
import type { ProcessScan, ScanTime } from './process-scan.ts';
import type { MemoryColumns, SampleSource } from './source.ts';

/** Creates the source. */
export function createSystemInformationSource(): SampleSource {
  let lastCount: number | null = null;

  async function scanProcesses(time: ScanTime, notes: Notes): Promise<ProcessScan> {
    const { list } = await processes();
    if (list.length === 0) throw new Error('systeminformation listed no process'); // its way to fail
    lastCount = list.length;
    const built = buildRecordsFromSystemInformation(list, time.timestampMs);
    const rows = built.filter((row) => guardRow(row, notes.bad));
    return { rows, count: list.length };
  }

  return {
    memory: [
      {
        name: 'systeminformation',
        empty: {},
        read: async () => buildSnapshotFromSystemInformation(await mem()),
      },
    ],
    // No cheap way to count them here: the count of the last scan stands until the next.
    countProcesses: async () => lastCount ?? (await processes()).list.length,
    scanProcesses,
    close: () => undefined,
  };
}

/**
 * Builds the memory columns from what `mem()` returns (bytes). What it has no value for is null; its
 * `reclaimable` is left out because outside Linux it means inactive pages, not slab.
 */
export function buildSnapshotFromSystemInformation(data: Readonly<Systeminformation.MemData>): MemoryColumns {
  return {
    ...(data.total > 0 ? { mem_total_kib: toKib(data.total), mem_available_kib: toKib(data.available) } : {}),
    mem_free_kib: toKibOrNull(data.free),
    // It starts these at 0 and fills them on Linux only, where they are never 0.
    buffers_kib: toKibOrNull(data.buffers || null),
    cached_kib: toKibOrNull(data.cached || null),
    dirty_kib: toKibOrNull(data.dirty),
    writeback_kib: toKibOrNull(data.writeback),
    swap_total_kib: toKibOrNull(data.swaptotal),
    swap_free_kib: toKibOrNull(data.swapfree),
  };
}

/**
 * Builds process records from the list that `processes()` returns (memRss in KiB). Its `cpu` is left out:
 * on macOS it is the share over the process's life, not since the last sample.
 */
export function buildRecordsFromSystemInformation(
  list: readonly Readonly<Systeminformation.ProcessesProcessData>[],
  timestampMs: number,
): ProcessRecord[] {
  return list
    .filter((entry) => entry.memRss > 0)
    .map((entry) => ({
      timestamp: timestampMs,
      pid: entry.pid,
      name: entry.name,
      rss_kib: Math.round(entry.memRss),
      shared_kib: null,
      private_kib: null,
      swap_kib: null,
      cpu_percent: null,
      cpu_time_ms: null,
      io_read_bytes: null,
      io_write_bytes: null,
      minor_faults: null,
      major_faults: null,
      threads: null,
      start_time_ticks: null,
    }));
}

function toKib(bytes: number): number {
  return Math.round(bytes / 1024);
}

function toKibOrNull(bytes: number | null | undefined): number | null {
  return typeof bytes === 'number' && Number.isFinite(bytes) ? toKib(bytes) : null;
}
