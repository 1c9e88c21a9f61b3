// Where everything of one home is kept: $RUVECTOR_HOME, else the XDG data directory + /ruvector. Paths only.
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

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
