// Names of what is made beside a file: they begin with a dot, end with a suffix, and are never longer than a
// file system takes, however long the file's own name is.
import { createHash, randomBytes } from 'node:crypto';
import { basename, dirname, join } from 'node:path';

/** Suffix of files that a crash may leave half-written. */
export const temporarySuffix = '.tmp';

/** NAME_MAX of every file system in use. */
const MAX_NAME_BYTES = 255;
/** Hexadecimal digits that stand for the part of a name that is cut off. */
const DIGEST_LENGTH = 12;

/** `folder/.<name><suffix>`; a name too long for that is cut and told apart by a digest. */
export function nameBeside(path: string, suffix: string, prefix = '.'): string {
  const name = basename(path);
  const room = MAX_NAME_BYTES - Buffer.byteLength(prefix + suffix);
  const short = Buffer.byteLength(name) <= room ? name : cutName(name, room);
  return join(dirname(path), `${prefix}${short}${suffix}`);
}

/** A name beside a file that no other writer takes: `folder/.<name>.<pid>-<random>.tmp`. */
export function temporaryBeside(path: string): string {
  return nameBeside(path, `.${process.pid}-${randomBytes(4).toString('hex')}${temporarySuffix}`);
}

function cutName(name: string, room: number): string {
  const digest = createHash('sha256').update(name).digest('hex').slice(0, DIGEST_LENGTH);
  let kept = '';
  for (const letter of name) {
    if (Buffer.byteLength(kept + letter) > room - DIGEST_LENGTH - 1) break;
    kept += letter;
  }
  return `${kept}-${digest}`;
}
