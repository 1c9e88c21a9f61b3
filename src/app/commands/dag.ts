// `dag`: what learns from query plans, on real databases and pipelines. Each sub-command has a file of its own.
import type { Command } from 'commander';
import { addDagSync } from './dag-sync.ts';

const examples = `
Examples:
  $ ruvector-memopt dag --help
  $ ruvector-memopt dag sync keys`;

/** Adds the command and its sub-commands. */
export function addDag(program: Command): void {
  const dag = program
    .command('dag')
    .description('steer the queries of a database, and share what was learned')
    .addHelpText('after', examples);
  addDagSync(dag);
}
