// A file at a path that a user named: seen whole or not at all, links followed.
import { open, rm } from 'node:fs/promises';
import { locateDestination, requireFile } from './destination.ts';
import type { Destination } from './destination.ts';
import { overwriteSynced, writeSynced } from './durable-file.ts';
import type { FileData } from './durable-file.ts';
import { isRefusal } from './errors.ts';
import { nameBeside, temporaryBeside, temporarySuffix } from './name-beside.ts';
import { placeFile } from './place-file.ts';

/**
 * Writes a small file, also into a folder that takes no new one.
 * @param what names it in an error: "a report"
 * @throws RuvectorError `ERR_FILES_TARGET` where the path is something else than a file; system errors
 */
export async function writeWhole(path: string, data: string | Uint8Array, what: string): Promise<void> {
  const destination = requireFile(await locateDestination(path), what);
  const temporary = temporaryBeside(destination.path);
  try {
    await writeSynced(temporary, data);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    if (destination.kind !== 'file' || !isRefusal(error)) throw error;
    await using file = await open(destination.path, 'r+');
    await overwriteSynced(file, data);
    return;
  }
  await placeOrRemove(temporary, destination);
}

/**
 * The same for a file with one writer, mode 0600 where it is new: what a crash left is overwritten by the next write.
 * @throws RuvectorError `ERR_FILES_TARGET` where the path is something else than a file; system errors
 */
export async function writeNamed(path: string, data: FileData, what: string): Promise<void> {
  const destination = requireFile(await locateDestination(path), what);
  const temporary = nameBeside(destination.path, temporarySuffix);
  try {
    await writeSynced(temporary, data, { flag: 'w', mode: 0o600 });
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
  await placeOrRemove(temporary, destination);
}

async function placeOrRemove(temporary: string, destination: Destination): Promise<void> {
  try {
    await placeFile(temporary, destination);
  } finally {
    await rm(temporary, { force: true });
  }
}
