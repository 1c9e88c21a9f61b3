// What of a folder belongs to git and not to the dataset in it: a dataset can be published into a clone, such as one of
// a dataset hub, again and again.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { renameDurably } from '../../files/index.ts';

const names: ReadonlySet<string> = new Set(['.git', '.gitattributes', '.gitignore', '.gitmodules']);

/** @param path relative to the folder of the dataset */
export function isOfGit(path: string): boolean {
  return names.has(path.split('/', 1)[0]!);
}

/** Moves what belongs to git and is not there yet from one folder into the other. */
export async function moveGitFiles(from: string, to: string): Promise<void> {
  const there = new Set(await readdir(to));
  for (const name of await readdir(from)) {
    if (isOfGit(name) && !there.has(name)) await renameDurably(join(from, name), join(to, name));
  }
}
