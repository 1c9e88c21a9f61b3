// Who a pid is: a number that the kernel gives again, so the time of the start belongs to it, which Linux tells;
// elsewhere it is null. https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html, field 22.
import { readFileSync } from 'node:fs';
import { systemCodeOf } from './errors.ts';

/** True while a process of this number lives, whoever owns it. */
export function isAlive(pid: number): boolean {
  // 0 and below are groups of processes.
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCodeOf(error) === 'EPERM';
  }
}

/** Clock ticks since boot at which a process started; null when there is none, or it cannot be told. */
export function readStartTicks(pid: number, procRoot = '/proc'): number | null {
  try {
    const stat = readFileSync(`${procRoot}/${pid}/stat`, 'utf8');
    // The name may hold spaces and brackets.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? null : Number(fields[19]);
  } catch {
    return null;
  }
}

/** The words of a process's command line; empty when it is gone or hidden. */
export function readCommandLine(pid: number, procRoot = '/proc'): string[] {
  try {
    return readFileSync(`${procRoot}/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
  } catch {
    return [];
  }
}
