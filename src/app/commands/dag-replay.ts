// `dag replay`: what steering would have gained on a workload whose latencies under each arm are known.
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import { adviseOnReading, messageOf } from '../../core/index.ts';
import { startProgress } from '../../client/index.ts';
import type { LatencyMatrix, ReplayOptions, ReplayReport } from '../../steer/index.ts';
import { configError } from '../errors.ts';
import { abortOnSignals, print, printJson, tell } from '../terminal.ts';
import { parseList, parseNumber, parsePositive } from './options.ts';

interface ReplayCommandOptions {
  readonly matrix: string;
  readonly seeds?: number;
  readonly budget?: number;
  readonly rank?: number;
  readonly arms?: readonly string[];
  readonly template?: RegExp;
  readonly json?: boolean;
}

const example = `
A matrix is CSV: a header, then a row a query of its name and its latency under each arm, the default's first. Cells may be
empty (never run) or like >300 (stopped after 300). The protocol, and what each figure may see: docs/steer.md.

Example:
  $ ruvector-memopt dag replay --matrix dsb.csv --json`;

/** Adds the sub-command. */
export function addDagReplay(dag: Command): void {
  dag
    .command('replay')
    .description('replay a matrix of measured latencies (queries by arms): what steering would have gained')
    .requiredOption('--matrix <file>', 'CSV of queries by arms')
    .option('--seeds <number>', 'repetitions with other random numbers (default: 20)', parsePositive)
    .option(
      '--budget <share>',
      "exploration offline, as a share of the default's total (default: 0.5)",
      parsePositive,
    )
    .option('--rank <number>', 'hidden factors of queries and arms (default: 2)', parseNumber)
    .option(
      '--arms <names>',
      'columns to steer with online (default: the five whose plans differ most)',
      parseList,
    )
    .option(
      '--template <pattern>',
      'regular expression; its first group is the template in the name of a query',
      parsePattern,
    )
    .option('--json', 'print JSON')
    .addHelpText('after', example)
    .action(async ({ matrix: path, template, json, ...options }: ReplayCommandOptions) => {
      // Late: no other command replays anything.
      const { parseLatencyMatrix } = await import('../../steer/index.ts');
      using stop = abortOnSignals();
      const matrix = parseLatencyMatrix(await readText(path), {
        name: basename(path),
        ...(template && { templatePattern: template }),
      });
      const report = await replayWatched(matrix, { ...options, signal: stop.signal });
      if (matrix.leftOut.length > 0) {
        tell(`${matrix.leftOut.length} queries are left out: nobody measured the default on them`);
      }
      if (json) printJson(report);
      else print(renderReplay(basename(path), report));
    });
}

async function replayWatched(matrix: LatencyMatrix, options: ReplayOptions): Promise<ReplayReport> {
  const { replayMatrix } = await import('../../steer/index.ts');
  using bar = startProgress('replaying', 1);
  const { seeds = 20 } = options;
  const onSeed = (done: number): void => bar.update(done / seeds, `seed ${done} of ${seeds}`);
  return replayMatrix(matrix, { ...options, onSeed });
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw configError([`--matrix is "${path}", which cannot be read: ${adviseOnReading(cause).state}`]);
  }
}

function parsePattern(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch (error) {
    throw new InvalidArgumentError(messageOf(error));
  }
}

/** A table for people. */
function renderReplay(name: string, { offline, online, unseen, intervals, ...report }: ReplayReport): string {
  const share = (value: number, path?: string): string => {
    const interval = path === undefined ? undefined : intervals[path];
    const range =
      interval && interval.low < interval.high
        ? ` (${interval.low.toFixed(3)} to ${interval.high.toFixed(3)})`
        : '';
    return `${value.toFixed(3)}${range}`;
  };
  const percent = (value: number): string => `${(value * 100).toFixed(1)} %`;
  const rows: (readonly [string, string])[] = [
    [`offline, ${offline.budget} of the default's time to explore`, ''],
    [
      `  rank ${report.rank}`,
      `${share(offline.ratio, 'offline.ratio')}, ${offline.regressions} queries slower`,
    ],
    ['  greedy', share(offline.greedy, 'offline.greedy')],
    ['  random', share(offline.random, 'offline.random')],
    ['  best single arm', share(offline.bestSingle)],
    ['  oracle', share(offline.oracle)],
    [`online, arms ${online.arms.join(', ')}`, ''],
    [
      `  eager, ${online.passes} passes`,
      `${share(online.ratio, 'online.ratio')}, ${percent(online.slowerShare)} of runs over 20 % slower`,
    ],
    [
      `  safe, ${online.safePasses} passes`,
      `${share(online.safeRatio, 'online.safeRatio')}, ${percent(online.safeSlowerShare)} of runs over 20 % slower`,
    ],
    ['  oracle of these arms', share(online.oracle)],
    ['unseen templates, safe, first pass', share(unseen.ratio, 'unseen.ratio')],
  ];
  const width = Math.max(...rows.map(([label]) => label.length));
  return [
    `${name}: ${report.queries} queries of ${report.templates} templates, ${report.columns} arms, ${report.seeds} seeds`,
    "Totals as shares of the default's; in brackets where 95 % of the seeds lie.",
    ...rows.map(([label, value]) => `${label.padEnd(width + 2)}${value}`.trimEnd()),
  ].join('\n');
}
