// Paths of cells, which are no files: a front end and this kernel make the same one of a cell's text.
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { hashMurmur2 } from './murmur2.ts';

/** ipykernel's seed. */
export const HASH_SEED = 0xc7_0f_69_07;
export const PATH_PREFIX: string = join(tmpdir(), `ruvector-kernel-${process.pid}`) + sep;
export const PATH_SUFFIX = '.ts';

/** The path of a cell. */
export const pathOfCell = (code: string): string =>
  `${PATH_PREFIX}${hashMurmur2(code, HASH_SEED)}${PATH_SUFFIX}`;

/** Cells that a client or the user's thread has told of, by path. */
export class KnownCells {
  readonly #codes = new Map<string, string>();

  /** @returns the path */
  add(code: string): string {
    const path = pathOfCell(code);
    this.#codes.set(path, code);
    return path;
  }

  codeAt(path: string): string | undefined {
    return this.#codes.get(path);
  }
}
