// Where everything is kept: $RUVECTOR_HOME, else the XDG data directory + /ruvector.
import { accessSync, constants, existsSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { homeError } from './errors.ts';

/** The folders of one home. */
export interface Home {
  readonly root: string;
  readonly history: string;
  readonly models: string;
  readonly samples: string;
  readonly run: string;
  /** How Python and other processes find the daemon. */
  readonly bridgeFile: string;
}

/** Resolves the home: `directory`, else $RUVECTOR_HOME, else $XDG_DATA_HOME/ruvector, else ~/.local/share/ruvector. */
export function resolveHome(directory?: string, env: NodeJS.ProcessEnv = process.env): Home {
  const dataHome = env['XDG_DATA_HOME'] || join(homedir(), '.local', 'share');
  const root = resolve(directory || env['RUVECTOR_HOME'] || join(dataHome, 'ruvector'));
  const run = join(root, 'run');
  return {
    root,
    history: join(root, 'history'),
    models: join(root, 'models'),
    samples: join(root, 'samples'),
    run,
    bridgeFile: join(run, 'bridge.json'),
  };
}

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
