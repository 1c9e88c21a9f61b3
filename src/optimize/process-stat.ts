// One process as decisions see it: identity, memory and fault counters.
import { stat } from 'node:fs/promises';
import { parseProcessStat, readBytesOrNull } from '../procfs/index.ts';
import type * as procfs from '../procfs/index.ts';

/** The fields of /proc/PID/stat that decisions need. */
export type TargetStat = Omit<procfs.ProcessStat, 'cpuTicks' | 'threads'>;

/** Reads a process's stat; null when there is no such process (any more), or it is a zombie. */
export async function readProcessStat(pid: number, procRoot = '/proc'): Promise<TargetStat | null> {
  const bytes = readBytesOrNull(`${procRoot}/${pid}/stat`);
  const parsed = bytes === null ? null : parseProcessStat(bytes);
  // Cut off: then the last field is absent.
  const isWhole = parsed !== null && !Number.isNaN(parsed.rssPages);
  return Promise.resolve(!isWhole || parsed.state === 'Z' || parsed.state === 'X' ? null : parsed);
}

/** The user a process runs as; null when it is gone. */
export async function readProcessUid(pid: number, procRoot = '/proc'): Promise<number | null> {
  try {
    return (await stat(`${procRoot}/${pid}`)).uid;
  } catch {
    return null;
  }
}
