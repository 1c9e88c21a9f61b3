// `doctor`: each prerequisite, what is missing, what that costs and how to fix it.
import type { Command } from 'commander';
import type { CheckResult } from '../doctor/check.ts';
import { runChecks } from '../doctor/doctor.ts';
import { checkTargets } from '../doctor/doctor-target.ts';
import { print, printJson } from '../terminal.ts';
import { collectNumber, collectText, homeOf } from './options.ts';

interface DoctorOptions {
  pid: number[];
  name: string[];
  json?: boolean;
}

/** Adds the command. */
export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description('check this machine: what is missing, what that costs, how to fix it')
    .option(
      '--pid <pid>',
      'what an action on this process may do, without touching it (repeatable)',
      collectNumber,
      [],
    )
    .option('--name <command>', 'the same by command name (repeatable)', collectText, [])
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  $ ruvector-memopt doctor --name redis-server')
    .action(async ({ pid: pids, name: names, json }: DoctorOptions, command: Command) => {
      const isNamed = pids.length + names.length > 0;
      const results = isNamed ? await checkTargets({ pids, names }) : await runChecks(homeOf(command));
      if (json) printJson(results);
      else print(renderChecks(results));
      if (results.some((result) => result.state === 'missing')) process.exitCode = 1;
    });
}

const marks = { ok: '✔', limited: '●', missing: '✘' } as const;

/** The checks as text; with what to do about whatever is not ok. */
export function renderChecks(results: readonly CheckResult[]): string {
  const lines = results.flatMap((result) => [
    `${marks[result.state]} ${result.name.padEnd(22)} ${result.found}`,
    ...(result.state === 'ok' ? [] : [`    costs: ${result.costs}`, `    fix:   ${result.fix}`]),
  ]);
  return lines.join('\n');
}
