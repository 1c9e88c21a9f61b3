// `dag demo`: steering from its first query on, on an embedded database, in front of your eyes.
import type { Command } from 'commander';
import { print, printJson } from '../terminal.ts';

/** Adds the command. */
export function addDagDemo(parent: Command): void {
  parent
    .command('demo')
    .description('watch steering learn on an embedded database with real queries: one to two minutes')
    .option('--json', 'print JSON: every run, every repair, and the comparison at the end')
    .addHelpText('after', '\nExample:\n  $ ruvector-memopt dag demo')
    .action(async (options: { json?: boolean }) => {
      const { runSteeringDemo } = await import('../steer/steering-demo.ts');
      const report = await runSteeringDemo({ onLine: options.json ? () => undefined : print });
      if (options.json) printJson(report);
      if (report.comparison.different > 0) process.exitCode = 1;
    });
}
