// `dag explain`: why a template gets the arm it gets.
import type { Command } from 'commander';
import { isRuvectorError } from '../../core/index.ts';
import type { SteeringState, TemplateExplanation } from '../../steer/index.ts';
import { missingTemplateError } from '../steer/errors.ts';
import { readStates } from '../steer/read-states.ts';
import { renderTemplate } from '../steer/render.ts';
import { print, printJson } from '../terminal.ts';
import { homeOf } from './options.ts';

/** Adds the command. */
export function addDagExplain(parent: Command): void {
  parent
    .command('explain')
    .description('say of a template: its arms, their latencies, its plan, and why it gets this arm')
    .argument('<template>', 'its id in `dag status`, or the beginning of it')
    .option('--state <file>', 'one state file (default: all in the home)')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  $ ruvector-memopt dag explain 88294630')
    .action(async (template: string, options: { state?: string; json?: boolean }, self: Command) => {
      const states = await readStates(homeOf(self), options.state);
      const found = states.flatMap((state) => explainIn(state, template));
      if (found.length === 0) throw missingTemplateError(template);
      if (options.json) printJson(found.length === 1 ? found[0] : found);
      else print(found.map(renderTemplate).join('\n\n'));
    });
}

/** The files that do not know it are left out. */
function explainIn(state: SteeringState, template: string): TemplateExplanation[] {
  try {
    return [state.explain(template)];
  } catch (error) {
    if (isRuvectorError(error, 'ERR_STEER_TEMPLATE')) return [];
    throw error;
  }
}
