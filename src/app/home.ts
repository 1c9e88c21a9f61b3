// Makes the folders of a home. Where they are is src/core/home.ts.
import { accessSync, constants, existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { systemCodeOf } from '../core/index.ts';
import type { Home } from '../core/index.ts';
import { homeError } from './errors.ts';

/**
 * Makes the folders, readable by the owner only.
 * @throws RuvectorError `ERR_APP_HOME` where that cannot be done
 */
export function makeHome(home: Home): void {
  try {
    for (const folder of [home.root, home.history, home.models, home.samples, home.run])
      makePrivateFolder(folder);
    accessSync(home.root, constants.W_OK);
  } catch (error) {
    throw homeError(home.root, error);
  }
}

/**
 * Makes a folder and those above it, readable by the owner only. One by one: Node's recursive mkdir never returns below /proc.
 * @throws Error of the system
 */
export function makePrivateFolder(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    const code = systemCodeOf(error);
    if (code === 'EEXIST' && statSync(path).isDirectory()) return;
    if (code !== 'ENOENT' || dirname(path) === path || existsSync(dirname(path))) throw error;
    makePrivateFolder(dirname(path));
    mkdirSync(path, { mode: 0o700 });
  }
}
