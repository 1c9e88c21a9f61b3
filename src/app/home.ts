// Makes the folders of a home. Where they are is src/core/home.ts.
import { accessSync, constants } from 'node:fs';
import type { Home } from '../core/index.ts';
import { makeFolderSync } from '../files/index.ts';
import { homeError } from './errors.ts';

/**
 * Makes the folders, readable by the owner only.
 * @throws RuvectorError `ERR_APP_HOME` where that cannot be done
 */
export function makeHome(home: Home): void {
  try {
    for (const folder of [home.root, home.history, home.models, home.samples, home.run])
      makeFolderSync(folder, 0o700);
    accessSync(home.root, constants.W_OK);
  } catch (error) {
    throw homeError(home.root, error);
  }
}
