// Creates a folder and the missing ones above it, one by one: Node's recursive mkdir never returns for
// a path below /proc, where every attempt fails as if the parent were missing.
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemCodeOf } from '../core/index.ts';

/**
 * @returns the highest folder that was made; undefined when all were there
 * @throws what mkdir throws, for the folder that could not be made
 */
export async function makeFolder(path: string, mode?: number): Promise<string | undefined> {
  try {
    await mkdir(path, { mode });
    return path;
  } catch (error) {
    const code = systemCodeOf(error);
    if (code === 'EEXIST') return undefined;
    if (code !== 'ENOENT' || dirname(path) === path) throw error;
    const highest = await makeFolder(dirname(path));
    await mkdir(path, { mode });
    return highest ?? path;
  }
}
