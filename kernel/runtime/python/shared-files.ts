// Bytes in a file that one process writes and another takes, which removes it: small values, and all values
// where neither shared memory nor ZeroMQ is to be had.
import { randomUUID } from 'node:crypto';
import { closeSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { Error } from '../primordials.ts';

/** A path that no file has, of a name that nobody guesses. */
export const newFilePath = (folder: string): string => join(folder, `ruvector-${randomUUID()}`);

/**
 * Writes a new file into the first of some folders that has room for it.
 * @returns its path
 */
export function writeFile(
  folders: readonly string[],
  parts: Iterable<Uint8Array>,
  sizeBytes: number,
): string {
  const [folder, ...others] = folders;
  const path = newFilePath(folder!);
  const fd = openSync(path, 'wx', 0o600);
  try {
    for (const part of parts) writeWhole(fd, part);
    return path;
  } catch (error) {
    rmSync(path, { force: true });
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    if (others.length > 0) return writeFile(others, parts, sizeBytes);
    throw new Error(
      `Cannot write a value of ${sizeBytes} bytes to "${folder}": no space is left; free some there and run the cell again`,
      { cause: error },
    );
  } finally {
    closeSync(fd);
  }
}

/** The bytes of a file, which is gone afterwards. */
export function takeFile(path: string): ArrayBuffer {
  try {
    return copyOf(readFileSync(path));
  } finally {
    rmSync(path, { force: true });
  }
}

function writeWhole(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.byteLength;) at += writeSync(fd, bytes, at, bytes.byteLength - at);
}

/** A file's bytes as a buffer of their own: Node may hand out a part of its pool. */
function copyOf({ buffer, byteOffset, byteLength }: Buffer): ArrayBuffer {
  if (byteOffset === 0 && byteLength === buffer.byteLength) return buffer as ArrayBuffer;
  return buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer;
}
