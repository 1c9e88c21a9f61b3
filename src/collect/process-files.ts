// The pure parsers of one process's files: stat, statm, io and smaps_rollup.
// https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
import { parseError } from './errors.ts';
import { parseKeyedNumbers, toLatin1 } from './keyed-numbers.ts';

/** What is used of /proc/PID/stat. */
export interface ProcessStat {
  readonly pid: number;
  /** Command name as the process set it, at most 15 bytes, may hold spaces and parentheses. */
  readonly name: string;
  /** One letter: R running, S sleeping, D waiting, Z zombie, T stopped, ... */
  readonly state: string;
  readonly minorFaults: number;
  readonly majorFaults: number;
  /** User and system time in clock ticks. */
  readonly cpuTicks: number;
  readonly threads: number;
  /** Clock ticks since boot; with the pid it names a process once and for all. */
  readonly startTimeTicks: number;
}

/** What is used of /proc/PID/statm, in pages. */
export interface ProcessStatm {
  /** Address space; 0 for kernel threads and zombies, which own no memory. */
  readonly sizePages: number;
  readonly residentPages: number;
  /** Resident pages of files and shared memory. */
  readonly sharedPages: number;
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

/** Parses /proc/PID/stat. @throws RuvectorError `ERR_COLLECT_PARSE` */
export function parseProcessStat(bytes: Uint8Array): ProcessStat {
  // The name may itself hold ") ", so it ends at the last parenthesis of the line.
  const open = bytes.indexOf(0x28);
  const close = bytes.lastIndexOf(0x29);
  if (open < 2 || close < open) throw parseError('/proc/PID/stat', toLatin1(bytes));
  const field = scanNumbers(bytes, close + 2, LAST_FIELD - FIRST_FIELD + 1);
  const at = (fieldNumber: number): number => field[fieldNumber - FIRST_FIELD]!;
  const stat = {
    pid: scanNumbers(bytes, 0, 1)[0]!,
    name: Buffer.from(bytes.buffer, bytes.byteOffset + open + 1, close - open - 1).toString(),
    state: String.fromCharCode(bytes[close + 2] ?? SPACE),
    minorFaults: at(10),
    majorFaults: at(12),
    cpuTicks: at(14) + at(15),
    threads: at(20),
    startTimeTicks: at(22),
  };
  const { pid, minorFaults, majorFaults, cpuTicks, threads, startTimeTicks } = stat;
  // A sum is a safe integer only when every part is one.
  if (!Number.isSafeInteger(pid + minorFaults + majorFaults + cpuTicks + threads + startTimeTicks)) {
    throw parseError('/proc/PID/stat', toLatin1(bytes));
  }
  return stat;
}

/** Parses /proc/PID/statm. @throws RuvectorError `ERR_COLLECT_PARSE` */
export function parseProcessStatm(bytes: Uint8Array): ProcessStatm {
  const [sizePages, residentPages, sharedPages] = scanNumbers(bytes, 0, 3) as [number, number, number];
  if (!Number.isSafeInteger(sizePages + residentPages + sharedPages)) {
    throw parseError('/proc/PID/statm', toLatin1(bytes));
  }
  return { sizePages, residentPages, sharedPages };
}

const ioColumns = new Map([
  ['read_bytes', 'io_read_bytes'],
  ['write_bytes', 'io_write_bytes'],
] as const);

/** Parses /proc/PID/io. @throws RuvectorError `ERR_COLLECT_PARSE` */
export function parseProcessIo(bytes: Uint8Array): ProcessIo {
  return parseKeyedNumbers(bytes, ioColumns, '/proc/PID/io');
}

const smapsColumns = new Map([
  ['Private_Clean', 'clean'],
  ['Private_Dirty', 'dirty'],
  ['Private_Hugetlb', 'hugetlb'],
  ['Swap', 'swap'],
] as const);

/** Parses /proc/PID/smaps_rollup. @throws RuvectorError `ERR_COLLECT_PARSE` */
export function parseSmapsRollup(bytes: Uint8Array): ProcessSmaps {
  const { clean, dirty, hugetlb, swap } = parseKeyedNumbers(bytes, smapsColumns, '/proc/PID/smaps_rollup');
  const isKnown = clean !== null && dirty !== null;
  return { private_kib: isKnown ? clean + dirty + (hugetlb ?? 0) : null, swap_kib: swap };
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
