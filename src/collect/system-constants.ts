// Page size and clock tick of the running kernel, through a reader.
import { parseAuxv, usualConstants } from '../procfs/index.ts';
import type { SystemConstants } from '../procfs/index.ts';
import type { ProcReader } from './proc-reader.ts';

/** Reads `<procRoot>/self/auxv`; 4 KiB pages and 10 ms ticks where it cannot be read. */
export function readSystemConstants(reader: ProcReader, procRoot: string): SystemConstants {
  try {
    return parseAuxv(reader.read(`${procRoot}/self/auxv`));
  } catch {
    return usualConstants; // absent in a copied tree
  }
}
