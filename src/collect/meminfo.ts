// /proc/meminfo: system memory in KiB.
// https://docs.kernel.org/filesystems/proc.html#meminfo
import { readError } from './errors.ts';
import { buildEmptyColumns, parseKeyedNumbers } from './keyed-numbers.ts';
import { ignoreNotes } from './part-notes.ts';
import type { Notes } from './part-notes.ts';
import type { ProcReader } from './proc-reader.ts';

const columns = new Map([
  ['MemTotal', 'mem_total_kib'],
  ['MemFree', 'mem_free_kib'],
  ['MemAvailable', 'mem_available_kib'],
  ['Buffers', 'buffers_kib'],
  ['Cached', 'cached_kib'],
  ['SwapCached', 'swap_cached_kib'],
  ['Active(anon)', 'active_anon_kib'],
  ['Inactive(anon)', 'inactive_anon_kib'],
  ['Active(file)', 'active_file_kib'],
  ['Inactive(file)', 'inactive_file_kib'],
  ['Dirty', 'dirty_kib'],
  ['Writeback', 'writeback_kib'],
  ['AnonPages', 'anon_pages_kib'],
  ['Mapped', 'mapped_kib'],
  ['Shmem', 'shmem_kib'],
  ['SReclaimable', 'slab_reclaimable_kib'],
  ['SUnreclaim', 'slab_unreclaimable_kib'],
  ['Committed_AS', 'committed_as_kib'],
  ['SwapTotal', 'swap_total_kib'],
  ['SwapFree', 'swap_free_kib'],
] as const);

const meminfoFile = { what: '/proc/meminfo', columns, unit: 'kB' } as const;

/** The meminfo columns of a memory snapshot, null where the kernel has no such line. */
export type Meminfo = ReturnType<typeof parseMeminfo>;

/** Meminfo with every column null. */
export const emptyMeminfo = buildEmptyColumns(columns);

/** Reads `<procRoot>/meminfo`. @throws RuvectorError `ERR_COLLECT_READ` */
export function readMeminfo(reader: ProcReader, procRoot: string, notes: Notes): Meminfo {
  const path = `${procRoot}/meminfo`;
  let bytes: Uint8Array;
  try {
    bytes = reader.read(path);
  } catch (error) {
    throw readError(path, error);
  }
  return parseMeminfo(bytes, notes);
}

/** Parses the text of /proc/meminfo. What cannot be used is null and noted. */
export function parseMeminfo(bytes: Uint8Array, notes: Notes = ignoreNotes) {
  const values = parseKeyedNumbers(bytes, meminfoFile, notes);
  for (const [part, whole] of parts) {
    const isMore = (values[part] ?? 0) > (values[whole] ?? Infinity);
    if (!isMore) continue;
    notes.bad(part, `${values[part]} of ${values[whole]} kB`);
    values[part] = null;
  }
  values.mem_available_kib ??= estimateAvailable(values);
  return values;
}

/** Columns that cannot exceed another. */
const parts = [
  ['mem_free_kib', 'mem_total_kib'],
  ['mem_available_kib', 'mem_total_kib'],
  ['swap_free_kib', 'swap_total_kib'],
] as const;

// Kernels before 3.14 and some containers' own meminfo lack MemAvailable. The estimate counts every
// file page and reclaimable slab as available; the kernel itself subtracts low watermarks and
// half of what is small, so this one is a little high. It also stands in for a MemAvailable that is no value.
function estimateAvailable(values: ReturnType<typeof buildEmptyColumns<string>>): number | null {
  const { mem_free_kib: free, active_file_kib: active, inactive_file_kib: inactive } = values;
  if (free == null) return null;
  const file = active == null || inactive == null ? (values['cached_kib'] ?? 0) : active + inactive;
  const estimate = free + file + (values['slab_reclaimable_kib'] ?? 0);
  return Math.min(estimate, values['mem_total_kib'] ?? estimate);
}
