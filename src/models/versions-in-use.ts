// Which versions are being verified, loaded or served, in this process and in others: those are never removed.
// An empty file `.in-use/<version>.<pid>` tells other processes; one whose process is gone counts for nothing.
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isAlive } from '../core/plain/index.ts';
import { namesIn } from './staged-files.ts';

/** Name of the folder of marks beside the versions of a name. */
export const IN_USE_FOLDER = '.in-use';

/** Of this process, by the path of the mark: its id in a mark proves nothing, in a container it is always the same. */
const counts = new Map<string, number>();

/** Holds a version until the result is disposed; disposing it twice is once. */
export function holdVersion(folder: string, version: string): Disposable {
  const path = join(folder, IN_USE_FOLDER, `${version}.${process.pid}`);
  const count = counts.get(path) ?? 0;
  counts.set(path, count + 1);
  if (count === 0) mark(folder, path);
  let isHeld = true;
  return {
    [Symbol.dispose]: () => {
      if (isHeld) release(path);
      isHeld = false;
    },
  };
}

/** Versions of a name in use by any process that lives. */
export async function listVersionsInUse(folder: string): Promise<Set<string>> {
  const marks = join(folder, IN_USE_FOLDER);
  const own = [...counts.keys()].filter((path) => dirname(path) === marks).map((path) => basename(path));
  const others = (await namesIn(marks)).filter((entry) => isUsed(folder, entry));
  return new Set([...own, ...others].map(versionOf));
}

/** Removes the marks of processes that ended. */
export async function sweepMarks(folder: string): Promise<void> {
  for (const entry of await namesIn(join(folder, IN_USE_FOLDER))) {
    if (!isUsed(folder, entry)) await rm(join(folder, IN_USE_FOLDER, entry), { force: true });
  }
}

const versionOf = (entry: string): string => entry.slice(0, entry.lastIndexOf('.'));

function isUsed(folder: string, entry: string): boolean {
  const pid = Number(entry.slice(entry.lastIndexOf('.') + 1));
  return pid === process.pid ? counts.has(join(folder, IN_USE_FOLDER, entry)) : isAlive(pid);
}

function release(path: string): void {
  const count = (counts.get(path) ?? 1) - 1;
  if (count > 0) {
    counts.set(path, count);
    return;
  }
  counts.delete(path);
  try {
    rmSync(path, { force: true });
  } catch {
    // A mark of a process that ended counts for nothing.
  }
}

function mark(folder: string, path: string): void {
  try {
    // Not recursive: the folder of a name comes with its first version.
    if (!existsSync(dirname(path))) mkdirSync(join(folder, IN_USE_FOLDER));
    writeFileSync(path, '');
  } catch {
    // A folder that cannot be written is not pruned by others either.
  }
}
