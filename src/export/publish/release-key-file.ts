// The key file of a release, when a user keeps its key: with it the same rows are released as the same bytes, and names
// get the same hashes in every release. Mode 0600.
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { systemCodeOf } from '../../core/index.ts';
import { keyFileError } from './errors.ts';

const keyBytes = 32;

/**
 * Reads the key, 64 hexadecimal digits, or makes a new file of one.
 * @throws RuvectorError `ERR_EXPORT_KEY_FILE`
 */
export async function openReleaseKey(path: string): Promise<Uint8Array> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    if (systemCodeOf(cause) === 'ENOENT') return makeKeyFile(path);
    throw keyFileError(path, 'it cannot be read', cause);
  });
  if (!/^[0-9a-f]{64}\n?$/.test(text)) throw keyFileError(path, 'it does not hold 64 hexadecimal digits');
  return new Uint8Array(Buffer.from(text.trim(), 'hex'));
}

async function makeKeyFile(path: string): Promise<string> {
  const text = `${randomBytes(keyBytes).toString('hex')}\n`;
  try {
    await writeFile(path, text, { mode: 0o600, flag: 'wx' });
  } catch (cause) {
    throw keyFileError(path, 'it cannot be written', cause);
  }
  return text;
}
