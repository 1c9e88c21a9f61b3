// `dag steer`: learns how a workload runs best, and measures what that is worth.
import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import { renderComparison, renderTemplates } from '../steer/render.ts';
import { statePathOf, syncFolderOf } from '../steer/state-paths.ts';
import type { WorkloadReport } from '../steer/steer-workload.ts';
import { abortOnSignals, print, printJson, tell } from '../terminal.ts';
import { homeOf, parsePositive } from './options.ts';

interface SteerCommandOptions {
  readonly url?: string;
  readonly workload?: string;
  readonly passes: number;
  readonly repetitions: number;
  readonly state?: string;
  readonly answers: 'same' | 'any';
  readonly recall?: number;
  readonly seed: number;
  readonly json?: boolean;
}

/** Adds the command. */
export function addDagSteer(parent: Command): void {
  parent
    .command('steer')
    .description(
      'run a workload under steering until it is known what is faster, then compare with the default',
    )
    .option(
      '--url <url>',
      'a PostgreSQL database, postgres://…; without it an embedded one that needs nothing installed',
    )
    .option(
      '--workload <file>',
      'statements with semicolons between them; those that write run on the embedded database only',
    )
    .option('--passes <n>', 'how often to run all of it', parseCount, 30)
    .option('--repetitions <n>', 'runs of each statement, both ways, to compare', parseCount, 5)
    .option('--state <file>', 'what was learned (default: a file for each database, in the home)')
    .addOption(
      new Option('--answers <which>', 'any: steer also where SQL leaves open which rows come')
        .choices(['same', 'any'])
        .default('same'),
    )
    .option(
      '--recall <share>',
      'share of the nearest rows that queries by vector must find, e.g. 0.95',
      parseShare,
    )
    .option('--seed <n>', 'decides what is tried when', parseCount, 1)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  $ ruvector-memopt dag steer\n  $ ruvector-memopt dag steer --url postgres://localhost/shop --workload queries.sql --json',
    )
    .action(async (options: SteerCommandOptions, self: Command) => {
      const { steerWorkload } = await import('../steer/steer-workload.ts');
      const { json, state, url = null, workload = null, ...rest } = options;
      using stop = abortOnSignals();
      const report = await steerWorkload({
        ...rest,
        url,
        workload,
        stateFile: state ?? statePathOf(homeOf(self), url),
        syncFolder: syncFolderOf(homeOf(self)),
        signal: stop.signal,
        onPass: ({ pass, ms }) => {
          if (!json) tell(`pass ${pass}: ${ms.toFixed(0)} ms`);
        },
      });
      if (json) printJson(report);
      else print(renderReport(report));
      if (report.comparison.different > 0) process.exitCode = 1;
    });
}

function renderReport({ comparison, status, skipped, statements }: WorkloadReport): string {
  return [
    renderTemplates(status.templates),
    '',
    ...(skipped > 0 ? [`${skipped} statements write and were left out`] : []),
    renderComparison(comparison, `${statements} statements`),
    status.isKept
      ? `kept in ${status.stateFile}`
      : `another process keeps ${status.stateFile}: what was learned here is gone`,
  ].join('\n');
}

function parseCount(text: string): number {
  const value = parsePositive(text);
  if (!Number.isInteger(value)) throw new InvalidArgumentError('It must be a whole number above 0.');
  return value;
}

function parseShare(text: string): number {
  const value = parsePositive(text);
  if (value > 1) throw new InvalidArgumentError('It must be a share above 0, at most 1.');
  return value;
}
