// The pure parsers of one process's files: stat, statm, io and smaps_rollup.
// https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
import { isInRange } from './column-range.ts';
import { parseKeyedNumbers, toLatin1 } from './keyed-numbers.ts';
import { ignoreBad, ignoreNotes } from './part-notes.ts';
import type { NoteBad, Notes } from './part-notes.ts';

/** What is used of /proc/PID/stat. A number that its column cannot hold is null. */
export interface ProcessStat {
  /** Command name as the process set it, at most 15 bytes, may hold any character. */
  readonly name: string;
  /** One letter: R running, S sleeping, D waiting, Z zombie, T stopped, ... */
  readonly state: string;
  readonly minorFaults: number | null;
  readonly majorFaults: number | null;
  /** User and system time in clock ticks. */
  readonly cpuTicks: number | null;
  readonly threads: number | null;
  /** Clock ticks since boot; with the pid it names a process once and for all. */
  readonly startTimeTicks: number | null;
}

/** What is used of /proc/PID/statm, in pages; null for what is no number. */
export interface ProcessStatm {
  /** Address space; 0 for kernel threads and zombies, which own no memory. */
  readonly sizePages: number | null;
  readonly residentPages: number | null;
  /** Resident pages of files and shared memory. */
  readonly sharedPages: number | null;
}

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

const SPACE = 0x20;
const ZERO = 0x30;
const FIRST_FIELD = 3; // the fields before it are the pid and the name
const LAST_FIELD = 22;

/** Parses /proc/PID/stat. Null when there is no name in it; what else cannot be used is null and noted. */
export function parseProcessStat(bytes: Uint8Array, noteBad: NoteBad = ignoreBad): ProcessStat | null {
  // The name may itself hold ") (", newlines or any byte, so it ends at the last parenthesis.
  const open = bytes.indexOf(0x28);
  const close = bytes.lastIndexOf(0x29);
  if (open < 2 || close < open) return null;
  const field = scanNumbers(bytes, close + 2, LAST_FIELD - FIRST_FIELD + 1);
  const at = (fieldNumber: number): number => field[fieldNumber - FIRST_FIELD]!;
  const check = (column: string, value: number): number | null => {
    if (isInRange(column, value)) return value;
    noteBad(column, toLatin1(bytes).trimEnd());
    return null;
  };
  return {
    name: Buffer.from(bytes.buffer, bytes.byteOffset + open + 1, close - open - 1).toString(),
    state: String.fromCharCode(bytes[close + 2] ?? SPACE),
    minorFaults: check('minor_faults', at(10)),
    majorFaults: check('major_faults', at(12)),
    cpuTicks: check('cpu_time_ms', at(14) + at(15)),
    threads: check('threads', at(20)),
    startTimeTicks: check('start_time_ticks', at(22)),
  };
}

/** Parses /proc/PID/statm. What cannot be used is null and noted. */
export function parseProcessStatm(bytes: Uint8Array, noteBad: NoteBad = ignoreBad): ProcessStatm {
  const numbers = scanNumbers(bytes, 0, 3);
  const at = (column: string, index: number): number | null => {
    const value = numbers[index]!;
    if (isInRange(column, value)) return value;
    noteBad(column, toLatin1(bytes).trimEnd());
    return null;
  };
  return {
    sizePages: at('size_pages', 0),
    residentPages: at('rss_kib', 1),
    sharedPages: at('shared_kib', 2),
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

// Space-separated decimal numbers from `start`; NaN for a field that is absent or not all digits.
function scanNumbers(bytes: Uint8Array, start: number, count: number): number[] {
  const numbers: number[] = [];
  let at = start;
  while (numbers.length < count) {
    let value = at < bytes.length && bytes[at] !== SPACE ? 0 : Number.NaN;
    for (; at < bytes.length && bytes[at] !== SPACE && bytes[at] !== 0x0a; at++) {
      const digit = bytes[at]! - ZERO;
      value = digit >= 0 && digit <= 9 ? value * 10 + digit : Number.NaN;
    }
    numbers.push(value);
    at++;
  }
  return numbers;
}
