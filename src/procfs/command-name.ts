// What a process is called. The kernel has one name for a process and for its first thread (comm): the program's file, until
// the thread is given a name of its own. Most programs then say what they do (`nginx`, `ray::IDLE`), and the kernel's name is the
// right one; where it only says that this is the first thread, the file that runs says more.
// https://man7.org/linux/man-pages/man5/proc_pid_comm.5.html
import { readlinkSync } from 'node:fs';
import { basename } from 'node:path';

/** Length of a name: the kernel keeps 16 bytes with the end (TASK_COMM_LEN). */
export const COMM_BYTES = 15;

/** What Node.js since version 24 and Firefox since version 79 call their first thread. */
const firstThreads = new Set(['MainThread', 'node-MainThread', 'GeckoMain']);

/** The kernel adds this to the path of a program that was replaced while it runs. */
const REPLACED = / \(deleted\)$/;

/**
 * The name by which people know a process: the kernel's, or that of its program where the kernel has none but the first
 * thread's. Nothing of the command line, which may hold secrets; as long as the kernel would have kept it.
 * @param comm of /proc/PID/stat or /proc/PID/comm
 * @param folder /proc/PID
 * @returns `comm` also where this user may not read which program runs
 */
export function readCommandName(comm: string, folder: string): string {
  if (!firstThreads.has(comm)) return comm;
  try {
    return cutName(basename(readlinkSync(`${folder}/exe`).replace(REPLACED, ''))) || comm;
  } catch {
    return comm;
  }
}

/** As much of a name as the kernel keeps. */
export const cutName = (name: string): string => {
  const bytes = Buffer.from(name).subarray(0, COMM_BYTES);
  // A character that the cut went through is left out.
  return bytes.toString().replace(/\uFFFD+$/, '');
};
