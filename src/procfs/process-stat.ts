// /proc/PID/stat and statm: identity, counters and sizes of one process. Parsed byte by byte: a scan reads both of
// every process. https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html

/** The fields of /proc/PID/stat that anybody here uses. NaN for a number that is absent or none. */
export interface ProcessStat {
  readonly pid: number;
  /** Command name as the process set it, at most 15 bytes, may hold any character. */
  readonly name: string;
  /** One letter: R running, S sleeping, D waiting, Z zombie, T stopped, ... */
  readonly state: string;
  readonly isKernelThread: boolean;
  readonly minorFaults: number;
  readonly majorFaults: number;
  /** User and system time in clock ticks. */
  readonly cpuTicks: number;
  readonly threads: number;
  /** Clock ticks since boot; with the pid it names a process once and for all. */
  readonly startTimeTicks: number;
  readonly rssPages: number;
}

/** The fields of /proc/PID/statm that anybody here uses, in pages. NaN for what is absent or no number. */
export interface ProcessStatm {
  /** Address space; 0 for kernel threads and zombies, which own no memory. */
  readonly sizePages: number;
  readonly residentPages: number;
  /** Resident pages of files and shared memory. */
  readonly sharedPages: number;
}

const SPACE = 0x20;
const NEWLINE = 0x0a;
const ZERO = 0x30;
const FIRST_FIELD = 3; // the fields before it are the pid and the name
const LAST_FIELD = 24;

// include/linux/sched.h
const PF_KTHREAD = 0x0020_0000;

/** Parses /proc/PID/stat. Null when there is no name in it. */
export function parseProcessStat(bytes: Uint8Array): ProcessStat | null {
  // The name may itself hold ") (", newlines or any byte, so it ends at the last parenthesis.
  const open = bytes.indexOf(0x28);
  const close = bytes.lastIndexOf(0x29);
  if (open < 2 || close < open) return null;
  const fields = scanNumbers(bytes, close + 2, LAST_FIELD - FIRST_FIELD + 1);
  const at = (fieldNumber: number): number => fields[fieldNumber - FIRST_FIELD]!;
  return {
    pid: scanNumbers(bytes, 0, 1)[0]!,
    name: Buffer.from(bytes.buffer, bytes.byteOffset + open + 1, close - open - 1).toString(),
    state: String.fromCharCode(bytes[close + 2] ?? SPACE),
    isKernelThread: (at(9) & PF_KTHREAD) !== 0,
    minorFaults: at(10),
    majorFaults: at(12),
    cpuTicks: at(14) + at(15),
    threads: at(20),
    startTimeTicks: at(22),
    rssPages: at(24),
  };
}

/** Parses /proc/PID/statm. */
export function parseProcessStatm(bytes: Uint8Array): ProcessStatm {
  const [sizePages, residentPages, sharedPages] = scanNumbers(bytes, 0, 3) as [number, number, number];
  return { sizePages, residentPages, sharedPages };
}

// Space-separated decimal numbers from `start`; NaN for a field that is absent or not all digits.
function scanNumbers(bytes: Uint8Array, start: number, count: number): number[] {
  const numbers: number[] = [];
  let at = start;
  while (numbers.length < count) {
    let value = at < bytes.length && bytes[at] !== SPACE ? 0 : Number.NaN;
    for (; at < bytes.length && bytes[at] !== SPACE && bytes[at] !== NEWLINE; at++) {
      const digit = bytes[at]! - ZERO;
      value = digit >= 0 && digit <= 9 ? value * 10 + digit : Number.NaN;
    }
    numbers.push(value);
    at++;
  }
  return numbers;
}
