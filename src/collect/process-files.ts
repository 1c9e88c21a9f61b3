// One process's files as columns: stat, statm, io and smaps_rollup. Pure.
import { parseProcessStat, parseProcessStatm } from '../procfs/index.ts';
import type { ProcessStat, ProcessStatm } from '../procfs/index.ts';
import { isInRange } from './column-range.ts';
import { parseKeyedNumbers, toLatin1 } from './keyed-numbers.ts';
import { ignoreBad, ignoreNotes } from './part-notes.ts';
import type { NoteBad, Notes } from './part-notes.ts';

/** What is used of /proc/PID/stat. A number that its column cannot hold is null. */
export type CheckedStat = Checked<
  Pick<
    ProcessStat,
    'name' | 'state' | 'minorFaults' | 'majorFaults' | 'cpuTicks' | 'threads' | 'startTimeTicks'
  >
>;

/** What is used of /proc/PID/statm. */
export type CheckedStatm = Checked<ProcessStatm>;

type Checked<T> = { readonly [K in keyof T]: T[K] extends number ? number | null : T[K] };

/** What is used of /proc/PID/io: bytes that really reached or left storage. */
export interface ProcessIo {
  readonly io_read_bytes: number | null;
  readonly io_write_bytes: number | null;
}

/** What is used of /proc/PID/smaps_rollup. */
export interface ProcessSmaps {
  readonly private_kib: number | null;
  readonly swap_kib: number | null;
}

/** ProcessIo of a process whose file this user may not read. */
export const emptyIo: ProcessIo = { io_read_bytes: null, io_write_bytes: null };

/** ProcessSmaps of a process that is not among the largest or may not be read. */
export const emptySmaps: ProcessSmaps = { private_kib: null, swap_kib: null };

/** Checks /proc/PID/stat. Null when there is no name in it; what else cannot be used is null and noted. */
export function checkProcessStat(bytes: Uint8Array, noteBad: NoteBad = ignoreBad): CheckedStat | null {
  const stat = parseProcessStat(bytes);
  if (stat === null) return null;
  const check = createCheck(bytes, noteBad);
  return {
    name: stat.name,
    state: stat.state,
    minorFaults: check('minor_faults', stat.minorFaults),
    majorFaults: check('major_faults', stat.majorFaults),
    cpuTicks: check('cpu_time_ms', stat.cpuTicks),
    threads: check('threads', stat.threads),
    startTimeTicks: check('start_time_ticks', stat.startTimeTicks),
  };
}

/** Checks /proc/PID/statm. What cannot be used is null and noted. */
export function checkProcessStatm(bytes: Uint8Array, noteBad: NoteBad = ignoreBad): CheckedStatm {
  const { sizePages, residentPages, sharedPages } = parseProcessStatm(bytes);
  const check = createCheck(bytes, noteBad);
  return {
    sizePages: check('size_pages', sizePages),
    residentPages: check('rss_kib', residentPages),
    sharedPages: check('shared_kib', sharedPages),
  };
}

function createCheck(bytes: Uint8Array, noteBad: NoteBad): (column: string, value: number) => number | null {
  return (column, value) => {
    if (isInRange(column, value)) return value;
    noteBad(column, toLatin1(bytes).trimEnd());
    return null;
  };
}

const ioFile = {
  what: '/proc/PID/io',
  unit: null,
  columns: new Map([
    ['read_bytes', 'io_read_bytes'],
    ['write_bytes', 'io_write_bytes'],
  ] as const),
} as const;

/** Parses /proc/PID/io. What cannot be used is null and noted. */
export function parseProcessIo(bytes: Uint8Array, notes: Notes = ignoreNotes): ProcessIo {
  return parseKeyedNumbers(bytes, ioFile, notes);
}

// The keys of private memory are added up: their names stand for the one column.
const smapsFile = {
  what: '/proc/PID/smaps_rollup',
  unit: 'kB',
  columns: new Map([
    ['Private_Clean', 'private_clean_kib'],
    ['Private_Dirty', 'private_dirty_kib'],
    ['Private_Hugetlb', 'private_hugetlb_kib'],
    ['Swap', 'swap_kib'],
  ] as const),
} as const;

/** Parses /proc/PID/smaps_rollup. What cannot be used is null and noted. */
export function parseSmapsRollup(bytes: Uint8Array, notes: Notes = ignoreNotes): ProcessSmaps {
  let isBad = false;
  const values = parseKeyedNumbers(bytes, smapsFile, {
    failed: notes.failed,
    bad(column, text) {
      const isPart = column.startsWith('private_');
      isBad ||= isPart;
      notes.bad(isPart ? 'private_kib' : column, text);
    },
  });
  const { private_clean_kib: clean, private_dirty_kib: dirty, private_hugetlb_kib: hugetlb } = values;
  const isKnown = !isBad && clean !== null && dirty !== null;
  return { private_kib: isKnown ? clean + dirty + (hugetlb ?? 0) : null, swap_kib: values.swap_kib };
}
