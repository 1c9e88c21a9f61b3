// `dag reset`: forgets what steering learned.
import type { Command } from 'commander';
import { removeStateFile } from '../../steer/index.ts';
import { listStatePaths, statePathOf } from '../steer/state-paths.ts';
import { print, printJson } from '../terminal.ts';
import { homeOf } from './options.ts';

interface ResetOptions {
  readonly state?: string;
  readonly url?: string;
  readonly json?: boolean;
}

/** Adds the command. */
export function addDagReset(parent: Command): void {
  parent
    .command('reset')
    .description('forget what steering learned; it learns anew, and no database is touched')
    .option('--state <file>', 'one state file')
    .option('--url <url>', 'that of one database (default: all in the home)')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  $ ruvector-memopt dag reset --url postgres://localhost/shop')
    .action(async ({ state, url, json }: ResetOptions, self: Command) => {
      const home = homeOf(self);
      const named = state ?? (url === undefined ? null : statePathOf(home, url));
      const paths = named === null ? await listStatePaths(home) : [named];
      const removed: string[] = [];
      for (const path of paths) if (await removeStateFile(path)) removed.push(path);
      if (json) printJson({ removed });
      else print(removed.length === 0 ? 'There was nothing to forget.' : `Forgotten:\n${removed.join('\n')}`);
    });
}
