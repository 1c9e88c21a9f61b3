// One process, read cheaply and at once, for a caller that acts on it and watches what happens.
import { readError } from './errors.ts';
import { createProcReader, isGone } from './proc-reader.ts';
import type { ProcReader } from './proc-reader.ts';
import { parseProcessStat, parseProcessStatm } from './process-files.ts';
import type { ProcessStat } from './process-files.ts';
import { readSystemConstants } from './system-constants.ts';
import type { SystemConstants } from './system-constants.ts';

/** One process at one instant. */
export interface ProcessSample extends Omit<ProcessStat, 'cpuTicks'> {
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
  const statm = readOrNull(`${procRoot}/${pid}/statm`, parseProcessStatm);
  const stat = statm && readOrNull(`${procRoot}/${pid}/stat`, parseProcessStat);
  if (!stat) return null;
  const { cpuTicks, ...rest } = stat;
  return {
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

function readOrNull<T>(path: string, parse: (bytes: Uint8Array) => T): T | null {
  let bytes: Uint8Array;
  try {
    bytes = reader.read(path);
  } catch (error) {
    if (isGone(error)) return null;
    throw readError(path, error);
  }
  return parse(bytes);
}
