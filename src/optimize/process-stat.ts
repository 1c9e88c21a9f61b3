// /proc/PID/stat: identity, memory and fault counters of one process.
// https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
import { readFileSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { systemCodeOf } from '../core/index.ts';

/** The fields of /proc/PID/stat that decisions need. */
export interface ProcessStat {
  readonly pid: number;
  readonly name: string;
  readonly state: string;
  readonly isKernelThread: boolean;
  readonly minorFaults: number;
  readonly majorFaults: number;
  readonly startTimeTicks: number;
  readonly rssPages: number;
}

// include/linux/sched.h
const PF_KTHREAD = 0x0020_0000;

/** Parses one line of /proc/PID/stat; the name may hold spaces and brackets. Null when it is not such a line. */
export function parseProcessStat(text: string): ProcessStat | null {
  const open = text.indexOf('(');
  const close = text.lastIndexOf(')');
  const rest = text
    .slice(close + 2)
    .trimEnd()
    .split(' ');
  if (open < 1 || close < open || rest.length < 22) return null;
  // rest[0] is field 3 of the manual page, so field n is rest[n - 3].
  const field = (n: number): number => Number(rest[n - 3]);
  return {
    pid: Number(text.slice(0, open - 1)),
    name: text.slice(open + 1, close),
    state: rest[0]!,
    isKernelThread: (field(9) & PF_KTHREAD) !== 0,
    minorFaults: field(10),
    majorFaults: field(12),
    startTimeTicks: field(22),
    rssPages: field(24),
  };
}

/** Reads a process's stat; null when there is no such process (any more), or it is a zombie. */
export async function readProcessStat(pid: number, procRoot = '/proc'): Promise<ProcessStat | null> {
  const text = readOrNull(`${procRoot}/${pid}/stat`);
  const parsed = text === null ? null : parseProcessStat(text);
  return Promise.resolve(parsed === null || parsed.state === 'Z' || parsed.state === 'X' ? null : parsed);
}

/** The user a process runs as; null when it is gone. */
export async function readProcessUid(pid: number, procRoot = '/proc'): Promise<number | null> {
  try {
    return (await stat(`${procRoot}/${pid}`)).uid;
  } catch {
    return null;
  }
}

/**
 * A small /proc or /sys file, or null when there is none (any more). The kernel makes them up in memory, so
 * reading at once costs some µs, where a turn through the thread pool costs ten times as much.
 */
export function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ESRCH', 'ENODEV'].includes(systemCodeOf(error) ?? '')) return null;
    throw error;
  }
}

/** The same for files that the kernel walks page tables for, which takes milliseconds. */
export async function readSlowly(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes(systemCodeOf(error) ?? '')) return null;
    throw error;
  }
}
