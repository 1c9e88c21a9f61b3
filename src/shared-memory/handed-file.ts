// A file in memory that another process filled and hands over: read, and gone. Not mapped: who made it could shorten it,
// and that would end the process that looks at it. The other side is python/src/ruvector/_shared_memory/handed_file.py.
import { constants } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { basename, dirname } from 'node:path';

const NAME = /^ruvector-handed-\d+-\d+-[\da-f-]{36}$/;

/**
 * Reads a file that was handed over.
 * @throws Error when it is not a private file of this user in that folder, or has another size
 */
export async function takeHandedFile(
  folder: string,
  path: string,
  sizeBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  if (dirname(path) !== folder || !NAME.test(basename(path))) throw new Error(`it is no file of "${folder}"`);
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stat = await file.stat();
    if (!stat.isFile() || stat.uid !== process.getuid?.() || (stat.mode & 0o077) !== 0) {
      throw new Error('it is not a private file of this user');
    }
    if (stat.size !== sizeBytes) throw new Error(`it has ${stat.size} bytes, ${sizeBytes} were announced`);
    await rm(path, { force: true });
    return await readWhole(file, sizeBytes);
  } finally {
    await file.close();
  }
}

async function readWhole(file: FileHandle, sizeBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(sizeBytes);
  for (let at = 0; at < sizeBytes;) {
    const { bytesRead } = await file.read(bytes, at, sizeBytes - at, at);
    if (bytesRead === 0) throw new Error(`it ends after ${at} of ${sizeBytes} bytes`);
    at += bytesRead;
  }
  return bytes;
}
