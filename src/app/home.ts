// Creates the folders of a home. Where they are is src/core/home.ts.
import { accessSync, constants, existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Home } from '../core/index.ts';
import { homeError } from './errors.ts';

export { resolveHome } from '../core/index.ts';
export type { Home } from '../core/index.ts';

/**
 * Creates the folders, readable by the owner only.
 * @throws RuvectorError `ERR_APP_HOME` where that cannot be done
 */
export function createHome(home: Home): void {
  try {
    // Node's recursive mkdir does not return below /proc: ask the nearest folder that exists first.
    accessSync(nearestExisting(home.root), constants.W_OK);
    for (const folder of [home.root, home.history, home.models, home.samples, home.run]) {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
    }
  } catch (error) {
    throw homeError(home.root, error);
  }
}

function nearestExisting(path: string): string {
  return existsSync(path) ? path : nearestExisting(dirname(path));
}
