// Processes that this one started and that still run.
import { readFileSync } from 'node:fs';
import { isRunning } from '../is-running.ts';

/** Pids of our children with `word` in their command line. */
export function listChildren(word: string): number[] {
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim().split(' ');
  return children
    .filter((pid) => pid !== '')
    .map(Number)
    .filter((pid) => isRunning(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(word));
}
