// The secret of a home's page: made once, kept with mode 0600, so that an open tab comes in again after a restart.
import { randomBytes } from 'node:crypto';
import { chmod, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCodeOf } from '../core/index.ts';
import type { Home } from '../core/index.ts';
import { writeDurably } from '../files/index.ts';
import { pageTokenError } from './errors.ts';

const TOKEN_BYTES = 32;

/** Beside the other files that only this user may read. */
const tokenPath = ({ run }: Pick<Home, 'run'>): string => join(run, 'page-token');

/** The token of a home; null when no page was served there yet. @throws RuvectorError `ERR_PAGE_TOKEN` */
export async function readPageToken(home: Pick<Home, 'run'>): Promise<string | null> {
  const path = tokenPath(home);
  try {
    const token = (await readFile(path, 'utf8')).trim();
    if (!/^[\w-]{32,}$/.test(token)) throw new Error('it holds no token');
    return token;
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return null;
    throw pageTokenError(path, error);
  }
}

/** The same, made where there is none. @throws RuvectorError `ERR_PAGE_TOKEN` */
export async function ensurePageToken(home: Pick<Home, 'run'>): Promise<string> {
  const path = tokenPath(home);
  const known = await readPageToken(home);
  const token = known ?? randomBytes(TOKEN_BYTES).toString('base64url');
  try {
    if (known === null) await writeDurably(path, `${token}\n`);
    // Whoever copied the home may have opened it to others.
    else await chmod(path, 0o600);
  } catch (error) {
    throw pageTokenError(path, error);
  }
  return token;
}
