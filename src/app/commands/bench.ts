// `bench`: runs the benchmarks of a source checkout.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { noBenchError } from '../errors.ts';

const script = fileURLToPath(new URL('../../../test/bench/run.ts', import.meta.url));

/** Adds the command. */
export function addBench(program: Command): void {
  program
    .command('bench')
    .description('run the benchmarks (source checkout only)')
    .argument('[name...]', 'bench names, e.g. wire.shm; all when none is given')
    .option('--json', 'one JSON line a case')
    .addHelpText('after', '\nExample:\n  $ ruvector-memopt bench collect.cost --json')
    .action(async (names: string[], options: { json?: boolean }) => {
      if (!existsSync(script)) {
        throw noBenchError(script);
      }
      const child = spawn(process.execPath, [script, ...names, ...(options.json ? ['--json'] : [])], {
        stdio: 'inherit',
      });
      const [code] = (await once(child, 'exit')) as [number | null];
      process.exitCode = code ?? 1;
    });
}
