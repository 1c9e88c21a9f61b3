// One key pair in a file of its owner (mode 0600): <home>/keys/daemon.key, and <home>/keys/NAME.key of a client, which
// also names the daemon that it trusts. Never replaced: who wants another key removes the file.
import { constants } from 'node:fs';
import { open, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { systemCodeOf } from '../core/index.ts';
import { makeFolder } from '../files/index.ts';
import { badKeyFileError, keyFileSystemError, keyNameError, notAKeyError } from './errors.ts';
import { createKeyPair, isKey } from './key-pair.ts';
import type { KeyPair } from './key-pair.ts';

/** What a key file holds. */
export interface KeyFile extends KeyPair {
  readonly name: string;
  /** Public key of the daemon that this client trusts; null in a daemon's own file. */
  readonly daemonKey: string | null;
}

const GROUP_AND_OTHERS = 0o077;
export const DAEMON_NAME = 'daemon';

/** Where the key of a name is. @throws RuvectorError `ERR_KEYS_NAME` for what is no name */
export function keyPath(folder: string, name: string): string {
  assertKeyName(name);
  return join(folder, `${name}.key`);
}

/** @throws RuvectorError `ERR_KEYS_NAME` */
export function assertKeyName(name: string): void {
  if (/^[a-z0-9][a-z0-9._-]{0,63}$/i.test(name)) return;
  throw keyNameError(
    name,
    'it is no name',
    'use up to 64 letters, digits and . _ -, a letter or digit first',
  );
}

/**
 * Makes a pair and writes it, readable by its owner alone.
 * @param daemonKey public key of the daemon that the client trusts
 * @throws RuvectorError `ERR_KEYS_NAME` when the name has a key already, `ERR_KEYS_KEY`, `ERR_KEYS_FILE`
 */
export async function createKeyFile(
  folder: string,
  name: string,
  daemonKey: string | null,
): Promise<KeyFile> {
  if (daemonKey !== null && !isKey(daemonKey)) throw notAKeyError(daemonKey);
  const path = keyPath(folder, name);
  const file: KeyFile = { name, ...createKeyPair(), daemonKey };
  await writePrivate(path, `${JSON.stringify(file, null, 2)}\n`).catch((error: unknown) => {
    if (systemCodeOf(error) !== 'EEXIST') throw keyFileSystemError(path, error);
    throw keyNameError(name, `"${path}" is there already`, 'choose another name, or remove that file first');
  });
  return file;
}

/** Writes a new file of mode 0600 in a folder of mode 0700. @throws system errors, EEXIST when it is there */
export async function writePrivate(path: string, text: string): Promise<void> {
  await makeFolder(dirname(path), 0o700);
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  await using file = await open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  await file.writeFile(text);
  await file.sync();
}

/**
 * Reads a key file.
 * @throws RuvectorError `ERR_KEYS_FILE` when it is missing, others may read it, or it holds no key
 */
export async function readKeyFile(path: string): Promise<KeyFile> {
  const text = await readPrivate(path);
  const { name, publicKey, secretKey, daemonKey = null } = parseKeys(path, text);
  const isWhole = isKey(publicKey) && isKey(secretKey) && (daemonKey === null || isKey(daemonKey));
  if (!isWhole)
    throw badKeyFileError(path, 'it holds no key pair', 'make one with `ruvector-memopt keys make`');
  return { name: String(name), publicKey, secretKey, daemonKey };
}

function parseKeys(path: string, text: string): Partial<KeyFile> {
  try {
    return Object(JSON.parse(text)) as Partial<KeyFile>;
  } catch (error) {
    throw badKeyFileError(path, 'it is not JSON', 'make one with `ruvector-memopt keys make`', error);
  }
}

/** Text of a file that its owner alone may read. @throws RuvectorError `ERR_KEYS_FILE` */
export async function readPrivate(path: string): Promise<string> {
  try {
    const { mode } = await stat(path);
    if ((mode & GROUP_AND_OTHERS) === 0) return await readFile(path, 'utf8');
  } catch (error) {
    throw keyFileSystemError(path, error);
  }
  throw badKeyFileError(
    path,
    'other users may read it',
    `chmod 600 "${path}", and make another if they may have`,
  );
}
