// `doctor`: each prerequisite, what is missing, what that costs and the line that mends it.
import type { Command } from 'commander';
import { runChecks } from '../doctor.ts';
import type { CheckResult } from '../doctor.ts';
import { print, printJson } from '../terminal.ts';
import { homeOf } from './options.ts';

/** Adds the command. */
export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description('check this machine: what is missing, what that costs, how to mend it')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  $ ruvector-memopt doctor')
    .action(async (options: { json?: boolean }, command: Command) => {
      const results = await runChecks(homeOf(command));
      if (options.json) printJson(results);
      else print(renderChecks(results));
      if (results.some((result) => result.state === 'missing')) process.exitCode = 1;
    });
}

const marks = { ok: '✔', limited: '●', missing: '✘' } as const;

/** The checks as text; a mended line is shown for whatever is not ok. */
export function renderChecks(results: readonly CheckResult[]): string {
  const lines = results.flatMap((result) => [
    `${marks[result.state]} ${result.name.padEnd(22)} ${result.found}`,
    ...(result.state === 'ok' ? [] : [`    costs: ${result.costs}`, `    mend:  ${result.mend}`]),
  ]);
  return lines.join('\n');
}
