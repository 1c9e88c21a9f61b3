// How many descriptors the connections of one endpoint may take: each costs one, and a process without any
// left can neither accept(2) (it is told at once and again, which spins) nor read what it is to measure.
import { readFileSync } from 'node:fs';

/** Of the soft limit: there may be several endpoints, and the files of a host with many processes. */
const SHARE = 1 / 8;
const UNKNOWN_LIMIT = 1024;

/** Connections that one endpoint may hold. Node has raised the soft limit to the hard one when it started. */
export function readConnectionShare(): number {
  try {
    return parseConnectionShare(readFileSync('/proc/self/limits', 'utf8'));
  } catch {
    return parseConnectionShare('');
  }
}

/** The same from the text of proc_pid_limits(5). */
export function parseConnectionShare(limits: string): number {
  const soft = /^Max open files +(\S+)/m.exec(limits)?.[1];
  if (soft === 'unlimited') return Infinity;
  return Math.floor(Number(soft ?? UNKNOWN_LIMIT) * SHARE);
}
