// Where commands keep what steering learned: a file for each database, in the folder `steer` of the home; and what belongs
// to other hosts.
import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { partOf, systemCodeOf } from '../../core/index.ts';
import type { Home } from '../../core/index.ts';

const folderOf = (home: Home): string => partOf(home, 'steer');

/** @param url of a database; null for the embedded one */
export function statePathOf(home: Home, url: string | null): string {
  return join(folderOf(home), `${url === null ? 'embedded' : nameOfDatabase(url)}.json`);
}

/** Without user and password: who asks does not matter to a plan. */
function nameOfDatabase(url: string): string {
  try {
    const { hostname, port, pathname } = new URL(url);
    return `${hostname || 'local'}-${port || '5432'}-${pathname.slice(1) || 'default'}`.replace(
      /[^\w.-]/g,
      '_',
    );
  } catch {
    return createHash('sha256').update(url).digest('hex').slice(0, 16);
  }
}

/** All state files of a home. */
export async function listStatePaths(home: Home): Promise<string[]> {
  try {
    const names = await readdir(folderOf(home));
    return names
      .filter((name) => name.endsWith('.json'))
      .sort()
      .map((name) => join(folderOf(home), name));
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return [];
    throw error;
  }
}

/** Where the keys, the peers and the state of `dag sync` are. */
export const syncFolderOf = (home: Home): string => partOf(home, 'sync');
