// How many files a process may have open. https://man7.org/linux/man-pages/man5/proc_pid_limits.5.html

/** Parses the soft limit on open files out of /proc/PID/limits: Infinity when unlimited, null when it is not there. */
export function parseOpenFilesLimit(text: string): number | null {
  const [, soft] = /^Max open files +(\d+|unlimited) /m.exec(text) ?? [];
  if (soft === undefined) return null;
  return soft === 'unlimited' ? Infinity : Number(soft);
}
