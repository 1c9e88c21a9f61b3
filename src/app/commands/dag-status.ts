// `dag status`: what steering learned, from its state files.
import type { Command } from 'commander';
import { readStates } from '../steer/read-states.ts';
import { renderTemplates } from '../steer/render.ts';
import { print, printJson } from '../terminal.ts';
import { homeOf } from './options.ts';

/** Adds the command. */
export function addDagStatus(parent: Command): void {
  parent
    .command('status')
    .description(
      'list the templates that steering knows: how often they ran, which arm they get, what it saves',
    )
    .option('--state <file>', 'one state file (default: all in the home)')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  $ ruvector-memopt dag status --json')
    .action(async (options: { state?: string; json?: boolean }, self: Command) => {
      const states = await readStates(homeOf(self), options.state);
      if (options.json) return printJson(states.map(({ status, savedAt }) => ({ ...status, savedAt })));
      if (states.length === 0) return print('Nothing was steered yet: ruvector-memopt dag steer --help');
      for (const { status, savedAt } of states) {
        print(`${status.stateFile} (${status.engine}, ${savedAt})\n${renderTemplates(status.templates)}`);
        const passed = Object.entries(status.passed).map(([why, count]) => `${why} ${count}`);
        if (passed.length > 0) print(`passed through: ${passed.join(', ')}`);
      }
    });
}
