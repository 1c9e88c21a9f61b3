// One process, read cheaply and at once, for a caller that acts on it and watches what happens.
import type { SystemConstants } from '../procfs/index.ts';
import { parseError, readError } from './errors.ts';
import { toLatin1 } from './keyed-numbers.ts';
import type { NoteBad } from './part-notes.ts';
import { createProcReader, isGone } from './proc-reader.ts';
import type { ProcReader } from './proc-reader.ts';
import { checkProcessStat, checkProcessStatm } from './process-files.ts';
import { readSystemConstants } from './system-constants.ts';

/** One process at one instant. */
export interface ProcessSample {
  readonly pid: number;
  /** Command name as the process set it. */
  readonly name: string;
  /** One letter: R running, S sleeping, D waiting, Z zombie, T stopped, ... */
  readonly state: string;
  readonly minorFaults: number;
  readonly majorFaults: number;
  readonly threads: number;
  /** Clock ticks since boot; with the pid it names a process once and for all. */
  readonly startTimeTicks: number;
  readonly rssKib: number;
  /** Resident files and shared memory, part of rssKib. */
  readonly sharedKib: number;
  readonly cpuTimeMs: number;
}

const reader: ProcReader = createProcReader(0);
const constantsOf = new Map<string, SystemConstants>();

/**
 * Reads stat and statm of one process, about 20 µs.
 * @param options.procRoot default `/proc`
 * @returns null when there is no such process (any more)
 * @throws RuvectorError `ERR_COLLECT_READ` when it may not be read, `ERR_COLLECT_PARSE`
 */
export function readProcessSample(pid: number, options: { procRoot?: string } = {}): ProcessSample | null {
  const { procRoot = '/proc' } = options;
  const { pageKib, tickMs } = readConstants(procRoot);
  const statm = readOrNull(`${procRoot}/${pid}/statm`, checkProcessStatm);
  const stat = statm && readOrNull(`${procRoot}/${pid}/stat`, checkProcessStat);
  if (!stat) return null;
  const { cpuTicks, ...rest } = stat;
  return {
    pid,
    ...rest,
    rssKib: statm.residentPages * pageKib,
    sharedKib: statm.sharedPages * pageKib,
    cpuTimeMs: cpuTicks * tickMs,
  };
}

function readConstants(procRoot: string): SystemConstants {
  const constants = constantsOf.get(procRoot) ?? readSystemConstants(reader, procRoot);
  constantsOf.set(procRoot, constants);
  return constants;
}

type Whole<T> = { [K in keyof T]: NonNullable<T[K]> };

// Who acts on a process wants all of it: one bad value is an error here.
function readOrNull<T>(
  path: string,
  parse: (bytes: Uint8Array, noteBad: NoteBad) => T | null,
): Whole<T> | null {
  let bytes: Uint8Array;
  try {
    bytes = reader.read(path);
  } catch (error) {
    if (isGone(error)) return null;
    throw readError(path, error);
  }
  const refuse = (): never => {
    throw parseError(path, toLatin1(bytes));
  };
  return (parse(bytes, refuse) ?? refuse()) as Whole<T>;
}
