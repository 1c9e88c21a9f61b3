// What is in memory as a program that is not ours sees it.
import { join } from 'node:path';
import { startJsonChild } from '../json-child.ts';
import { python } from '../python.ts';

/** Counts pages, from outside the product. */
export interface ResidencyReader extends AsyncDisposable {
  /** Pages of a file, and those of them in the page cache. */
  readFile(path: string): Promise<{ pages: number; resident: number }>;
  /** Anonymous pages of a process in memory and in swap. */
  readAnonymous(pid: number): Promise<{ present: number; swapped: number }>;
}

/** Starts the reader. */
export function startResidencyReader(): ResidencyReader {
  const child = startJsonChild(python, [join(import.meta.dirname, 'residency.py')]);
  return {
    readFile: (path) => child.ask(`file ${path}`),
    readAnonymous: (pid) => child.ask(`anon ${pid}`),
    [Symbol.asyncDispose]: () => child.kill(),
  };
}
