// A small file at a path that a user named: seen whole or not at all, links followed.
import { randomBytes } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import { locateDestination, requireFile } from './destination.ts';
import type { Destination } from './destination.ts';
import { isRefusal } from './errors.ts';
import { nameBeside } from './name-beside.ts';
import { placeFile } from './place-file.ts';

/**
 * Writes a file.
 * @param what names it in an error: "a report"
 * @throws RuvectorError `ERR_FILES_TARGET` where the path is something else than a file; system errors
 */
export async function writeWhole(path: string, data: string | Uint8Array, what: string): Promise<void> {
  const destination = requireFile(await locateDestination(path), what);
  const temporary = nameBeside(destination.path, `.${process.pid}-${randomBytes(4).toString('hex')}.tmp`);
  try {
    await writeSynced(temporary, data, 'wx');
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    if (destination.kind !== 'file' || !isRefusal(error)) throw error;
    // A folder that takes no new file.
    await writeSynced(destination.path, data, 'r+');
    return;
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

async function writeSynced(path: string, data: string | Uint8Array, flag: 'wx' | 'r+'): Promise<void> {
  await using file = await open(path, flag);
  await file.writeFile(data);
  await file.truncate(Buffer.byteLength(data));
  await file.sync();
}
