// A published tree to read, wherever it lies. Links are listed as what they are and never followed.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { Dirent } from 'node:fs';
import { lstat, readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isOfGit } from './git-files.ts';

/** One entry of a tree. */
export interface TreeEntry {
  /** Relative, with `/`. */
  readonly path: string;
  readonly kind: 'file' | 'symbolic link' | 'special file' | 'folder with nothing in it';
}

/** Reads a tree. */
export interface TreeReader {
  /** Everything in it but what belongs to git, sorted. Empty when there is nothing at all. */
  list(): Promise<readonly TreeEntry[]>;
  read(path: string): Promise<Buffer>;
  /** Lower-case hexadecimal SHA-256, read in pieces. */
  digest(path: string): Promise<string>;
}

/** A tree in a folder. */
export function createFolderReader(root: string): TreeReader {
  return {
    list: async () => listFolder(root),
    read: async (path) => readFile(join(root, path)),
    digest: async (path) => digestStream(createReadStream(join(root, path))),
  };
}

/** SHA-256 of a stream. */
export async function digestStream(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of stream) hash.update(chunk);
  return hash.digest('hex');
}

async function listFolder(root: string): Promise<TreeEntry[]> {
  const found = await lstat(root);
  if (found.isSymbolicLink()) return [{ path: '.', kind: 'symbolic link' }];
  const entries = (await readdir(root, { withFileTypes: true, recursive: true })).filter(
    ({ parentPath, name }) => !isOfGit(join(parentPath, name).slice(root.length + 1)),
  );
  const isEmptyFolder = (path: string): boolean => !entries.some((entry) => entry.parentPath === path);
  return entries
    .filter((entry) => !entry.isDirectory() || isEmptyFolder(join(entry.parentPath, entry.name)))
    .map((entry): TreeEntry => ({
      path: join(entry.parentPath, entry.name).slice(root.length + 1),
      kind: kindOf(entry),
    }))
    .toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

function kindOf(entry: Dirent): TreeEntry['kind'] {
  if (entry.isSymbolicLink()) return 'symbolic link';
  if (entry.isDirectory()) return 'folder with nothing in it';
  return entry.isFile() ? 'file' : 'special file';
}
