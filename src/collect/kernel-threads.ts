// The kernel's own threads, in one read: they own no memory, and asking each of them would double the
// cost of a scan on a host with many cores. All of them are children of kthreadd, which is pid 2.
import { parseChildren, parseProcessStat } from '../procfs/index.ts';
import { toLatin1 } from './keyed-numbers.ts';
import type { ProcReader } from './proc-reader.ts';

const KTHREADD = 2;

/** Reads the pids of kernel threads; empty inside a container and on kernels without CONFIG_PROC_CHILDREN. */
export function readKernelThreads(reader: ProcReader, procRoot: string): ReadonlySet<number> {
  const folder = `${procRoot}/${KTHREADD}`;
  try {
    const stat = parseProcessStat(reader.read(`${folder}/stat`));
    if (stat?.name !== 'kthreadd') return new Set();
    return new Set(parseChildren(toLatin1(reader.readAll(`${folder}/task/${KTHREADD}/children`))));
  } catch {
    return new Set(); // then each is asked for its size and found to be 0
  }
}
