// Which processes there are, and whose children. Pure.

/** PID_MAX_LIMIT of the kernel: also bounds processes and threads. */
export const MAX_PID = 2 ** 22;

/** The process ids among the names in /proc. */
export function parsePids(names: readonly string[]): number[] {
  return names
    .filter((name) => /^[0-9]{1,7}$/.test(name))
    .map(Number)
    .filter(isPid);
}

/** Parses /proc/PID/task/TID/children: pids separated by spaces. */
export function parseChildren(text: string): number[] {
  return text.split(' ').map(Number).filter(isPid);
}

const isPid = (pid: number): boolean => Number.isInteger(pid) && pid >= 1 && pid <= MAX_PID;
