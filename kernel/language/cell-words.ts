// Candidates that neither types nor values know: magics and paths of files.
import { readdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { cellMagics, lineMagics } from '../runtime/magics/magic-list.ts';
import type { LiveName } from './merge-completions.ts';

/** Magics as they are written; those of whole cells only where one may stand. */
export function listMagics(): readonly LiveName[] {
  return [
    ...Object.keys(lineMagics).map((name): LiveName => [`%${name}`, 'magic']),
    ...Object.keys(cellMagics).map((name): LiveName => [`%%${name}`, 'magic']),
  ];
}

/**
 * Files and folders of a folder, folders with a slash; none when it cannot be read.
 * @param prefix hidden ones are listed when it begins with a dot
 */
export async function listPaths(
  folder: string,
  prefix: string,
  onlyFolders: boolean,
): Promise<readonly LiveName[]> {
  const path = resolve(folder.replace(/^~(?=\/|$)/, () => homedir()) || '.');
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  return entries
    .filter(({ name }) => prefix.startsWith('.') || !name.startsWith('.'))
    .filter((entry) => !onlyFolders || entry.isDirectory())
    .map((entry): LiveName => [entry.isDirectory() ? `${entry.name}/` : entry.name, 'path']);
}
