// `dag`: what learns from query plans, on real databases and pipelines. Each sub-command has a file of its own.
import type { Command } from 'commander';
import { addDagDemo } from './dag-demo.ts';
import { addDagExplain } from './dag-explain.ts';
import { addDagReplay } from './dag-replay.ts';
import { addDagReset } from './dag-reset.ts';
import { addDagStatus } from './dag-status.ts';
import { addDagSteer } from './dag-steer.ts';
import { addDagSync } from './dag-sync.ts';

const examples = `
Examples:
  $ ruvector-memopt dag demo
  $ ruvector-memopt dag steer --url postgres://localhost/shop --workload queries.sql
  $ ruvector-memopt dag status
  $ ruvector-memopt dag explain 88294630
  $ ruvector-memopt dag reset
  $ ruvector-memopt dag replay --matrix dsb.csv
  $ ruvector-memopt dag sync keys`;

/** Adds the command and its sub-commands. */
export function addDag(program: Command): void {
  const command = program
    .command('dag')
    .description('steer the queries of a database, and share what was learned')
    .addHelpText('after', examples);
  addDagDemo(command);
  addDagSteer(command);
  addDagStatus(command);
  addDagExplain(command);
  addDagReset(command);
  addDagReplay(command);
  addDagSync(command);
}
