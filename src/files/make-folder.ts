// Creates a folder and the missing ones above it, one by one: Node's recursive mkdir never returns for
// a path below /proc, where every attempt fails as if the parent were missing. The only way folders are made here.
import { mkdirSync, statSync } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemCodeOf } from '../core/plain/index.ts';

/**
 * @param mode of every folder that is made, less the umask
 * @returns the highest folder that was made; undefined when all were there
 * @throws what mkdir throws, for the folder that could not be made
 */
export async function makeFolder(path: string, mode?: number): Promise<string | undefined> {
  try {
    return await makeOne(path, mode);
  } catch (error) {
    if (!isParentMissing(error, path)) throw error;
    const highest = await makeFolder(dirname(path), mode);
    const own = await makeOne(path, mode);
    return highest ?? own;
  }
}

/** The same at once, for callers that cannot wait. */
export function makeFolderSync(path: string, mode?: number): void {
  try {
    makeOneSync(path, mode);
  } catch (error) {
    if (!isParentMissing(error, path)) throw error;
    makeFolderSync(dirname(path), mode);
    makeOneSync(path, mode);
  }
}

/** @returns its path when it was made, undefined when a folder was there, perhaps since a moment ago */
async function makeOne(path: string, mode?: number): Promise<string | undefined> {
  try {
    await mkdir(path, { mode });
    return path;
  } catch (error) {
    const isThere = systemCodeOf(error) === 'EEXIST' && (await stat(path).catch(() => null))?.isDirectory();
    if (isThere) return undefined;
    throw error;
  }
}

function makeOneSync(path: string, mode?: number): void {
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    const isThere =
      systemCodeOf(error) === 'EEXIST' && statSync(path, { throwIfNoEntry: false })?.isDirectory();
    if (!isThere) throw error;
  }
}

const isParentMissing = (error: unknown, path: string): boolean =>
  systemCodeOf(error) === 'ENOENT' && dirname(path) !== path;
