// <home>/keys/token: the word that programs of a trusted network show, and readers of a stream that other hosts reach.
// It keeps programs apart; on a network without encryption it protects from nobody who listens.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { systemCodeOf } from '../core/index.ts';
import { badKeyFileError, keyFileSystemError } from './errors.ts';
import { readPrivate, writePrivate } from './key-file.ts';

const TOKEN_BYTES = 32;

/** The token of a folder of keys, made when there is none. @throws RuvectorError `ERR_KEYS_FILE` */
export async function ensureNetworkToken(folder: string): Promise<string> {
  const path = join(folder, 'token');
  try {
    await writePrivate(path, `${randomBytes(TOKEN_BYTES).toString('hex')}\n`);
  } catch (error) {
    if (systemCodeOf(error) !== 'EEXIST') throw keyFileSystemError(path, error);
  }
  const token = (await readPrivate(path)).trim();
  if (token.length >= TOKEN_BYTES) return token;
  throw badKeyFileError(path, `it has ${token.length} characters`, 'remove it, and a new one is made');
}
