// `demo`: the whole loop on this host, with a report at the end.
import type { Command } from 'commander';
import { abortOnSignals, print, printJson } from '../terminal.ts';
import { renderDemoText } from '../demo/demo-report.ts';
import { runDemo } from '../demo/demo.ts';
import { parseSeconds } from './options.ts';

interface DemoCommandOptions {
  output: string;
  collectSeconds: number;
  actSeconds: number;
  json?: boolean;
}

/** Adds the command. */
export function addDemo(program: Command): void {
  program
    .command('demo')
    .description('collect, train, swap, decide and act on a child process, live, with a report')
    .option('--output <folder>', 'where history, model, dataset and report go', 'ruvector-demo')
    .option('--collect-seconds <n>', 'how long to collect before training', parseSeconds, 50)
    .option('--act-seconds <n>', 'how long the model acts', parseSeconds, 30)
    .option('--json', 'print the report as JSON')
    .addHelpText('after', '\nExample:\n  $ ruvector-memopt demo --json')
    .action(async (options: DemoCommandOptions) => {
      using stop = abortOnSignals();
      const report = await runDemo({
        directory: options.output,
        collectSeconds: options.collectSeconds,
        actSeconds: options.actSeconds,
        signal: stop.signal,
        say: createSayer(),
      });
      if (options.json) printJson(report);
      else print(`\n${renderDemoText(report)}`);
    });
}

/** Prints lines; steps of one fit, which differ only in how far it is, are one line. */
function createSayer(): (text: string) => void {
  let last = '';
  return (text) => {
    if (text !== last) process.stderr.write(`${text}\n`);
    last = text;
  };
}
