// One process as decisions see it: identity, memory and fault counters.
import { stat } from 'node:fs/promises';
import { parseProcessStat, readBytesOrNull, readCommandName } from '../procfs/index.ts';
import type * as procfs from '../procfs/index.ts';

/** The fields of /proc/PID/stat that decisions need. */
export type TargetStat = Omit<procfs.ProcessStat, 'cpuTicks' | 'threads'> & {
  /** The kernel's name, where people know the process by another one. */
  readonly comm?: string;
};

/** Reads a process's stat; null when there is no such process (any more), or it is a zombie. */
export async function readProcessStat(pid: number, procRoot = '/proc'): Promise<TargetStat | null> {
  const folder = `${procRoot}/${pid}`;
  const bytes = readBytesOrNull(`${folder}/stat`);
  const parsed = bytes === null ? null : parseProcessStat(bytes);
  // Cut off: then the last field is absent.
  const isWhole = parsed !== null && !Number.isNaN(parsed.rssPages);
  if (!isWhole || parsed.state === 'Z' || parsed.state === 'X') return Promise.resolve(null);
  const name = readCommandName(parsed.name, folder);
  return Promise.resolve(name === parsed.name ? parsed : { ...parsed, name, comm: parsed.name });
}

/** The user a process runs as; null when it is gone. */
export async function readProcessUid(pid: number, procRoot = '/proc'): Promise<number | null> {
  try {
    return (await stat(`${procRoot}/${pid}`)).uid;
  } catch {
    return null;
  }
}
