// `lab`: JupyterLab with the kernel ready, outside a checkout (`npm run lab` in one).
import type { Command } from 'commander';
import { openLab } from '../setup/open-lab.ts';
import { parsePort } from './options.ts';

/** Adds the command. */
export function addLab(program: Command): void {
  program
    .command('lab')
    .description('open JupyterLab with the TypeScript kernel ready, on a copy of the example notebooks')
    .argument(
      '[folder]',
      'what it opens; where it is empty or missing, the notebooks are put into it',
      'ruvector-notebooks',
    )
    .option('--no-browser', 'only print the address')
    .option('--port <n>', 'port of JupyterLab', parsePort)
    .addHelpText(
      'after',
      '\nIt uses the Python of `setup python --lab`, or one that has JupyterLab and ruvector-memopt.\n\nExample:\n  $ ruvector-memopt lab',
    )
    .action(async (folder: string, options: { browser: boolean; port?: number }) => {
      const args = [
        ...(options.browser ? [] : ['--no-browser']),
        ...(options.port !== undefined ? [`--port=${options.port}`] : []),
      ];
      process.exitCode = await openLab(folder, args);
    });
}
