// /proc/vmstat: reclaim, refault and swap counters since boot, in pages.
// https://github.com/torvalds/linux/blob/master/mm/vmstat.c
import { readError } from './errors.ts';
import { buildEmptyColumns, parseKeyedNumbers } from './keyed-numbers.ts';
import { ignoreNotes } from './part-notes.ts';
import type { Notes } from './part-notes.ts';
import type { ProcReader } from './proc-reader.ts';

const columns = new Map([
  ['pgscan_kswapd', 'pgscan_kswapd'],
  ['pgscan_direct', 'pgscan_direct'],
  ['pgsteal_kswapd', 'pgsteal_kswapd'],
  ['pgsteal_direct', 'pgsteal_direct'],
  ['workingset_refault_anon', 'workingset_refault_anon'],
  ['workingset_refault_file', 'workingset_refault_file'],
  // Before Linux 5.9 only file pages were tracked, under this one name.
  ['workingset_refault', 'workingset_refault_file'],
  ['pswpin', 'pswpin'],
  ['pswpout', 'pswpout'],
  ['pgmajfault', 'pgmajfault'],
  ['oom_kill', 'oom_kill'],
] as const);

const vmstatFile = { what: '/proc/vmstat', columns, unit: null } as const;

/** The vmstat columns of a memory snapshot, null where the kernel has no such counter. */
export type Vmstat = ReturnType<typeof parseVmstat>;

/** Vmstat with every column null. */
export const emptyVmstat = buildEmptyColumns(columns);

/** Reads `<procRoot>/vmstat`. @throws RuvectorError `ERR_COLLECT_READ` */
export function readVmstat(reader: ProcReader, procRoot: string, notes: Notes): Vmstat {
  const path = `${procRoot}/vmstat`;
  let bytes: Uint8Array;
  try {
    bytes = reader.readAll(path);
  } catch (error) {
    throw readError(path, error);
  }
  return parseVmstat(bytes, notes);
}

/** Parses the text of /proc/vmstat. What cannot be used is null and noted. */
export function parseVmstat(bytes: Uint8Array, notes: Notes = ignoreNotes) {
  return parseKeyedNumbers(bytes, vmstatFile, notes);
}
