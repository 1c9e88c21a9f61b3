// `dag`: what learns from query plans, on real databases and pipelines. Each sub-command has a file of its own.
import type { Command } from 'commander';

const examples = `
Examples:
  $ ruvector-memopt dag --help`;

/** Adds the command and its sub-commands. */
export function addDag(program: Command): void {
  program
    .command('dag')
    .description('steer the queries of a database, and share what was learned')
    .addHelpText('after', examples);
}
