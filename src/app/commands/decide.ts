// `decide`: one decision, explained; nothing is done. Asks a running host, else samples for a moment.
import type { Home } from '../../core/index.ts';
import { findDaemon } from '../../bridge/index.ts';
import type { Command } from 'commander';
import { describeTasks } from '../models/task-texts.ts';
import { hasTargets, readSavedConfig } from '../host/config.ts';
import { describePlan } from '../host/decision-log.ts';
import { openHost } from '../host/host.ts';
import { describeExplanation } from '../host/status.ts';
import type { ExplanationSummary } from '../host/status-types.ts';
import { abortOnSignals, formatRows, print, printJson } from '../terminal.ts';
import type { Goal } from '../../optimize/index.ts';
import { collectNumber, collectText, goalOption, homeOf, toCgroupFolder } from './options.ts';

interface DecideOptions {
  pid: number[];
  name: string[];
  cgroup: string[];
  goal?: Goal;
  json?: boolean;
}

/** Adds the command. */
export function addDecide(program: Command): void {
  program
    .command('decide')
    .description('explain one decision: features, probabilities, what would be done and what holds it back')
    .option('--pid <pid>', 'process to plan for when no host runs (repeatable)', collectNumber, [])
    .option('--name <command>', 'the same by command name (repeatable)', collectText, [])
    .option(
      '--cgroup <folder>',
      'a cgroup: v2 as a whole, v1 process by process (repeatable)',
      collectText,
      [],
    )
    .addOption(goalOption('as what to plan when no host runs'))
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  $ ruvector-memopt decide')
    .action(async (options: DecideOptions, command: Command) => {
      const explanation = await explain(homeOf(command), options);
      if (options.json) printJson(explanation);
      else print(renderExplanation(explanation));
    });
}

async function explain(home: Home, options: DecideOptions): Promise<ExplanationSummary> {
  await using client = await findDaemon(home.bridgeFile);
  if (client) return (await client.request('decide')).result as ExplanationSummary;
  return explainHere(home, options);
}

/** Samples until the feature windows are filled, then explains. Samples as the home was last served. */
async function explainHere(home: Home, options: DecideOptions): Promise<ExplanationSummary> {
  const targets = { pids: options.pid, names: options.name, cgroups: options.cgroup.map(toCgroupFolder) };
  const config = readSavedConfig(home.root, {
    ...(hasTargets(targets) && { targets }),
    ...(options.goal && { goal: options.goal }),
  });
  const done = new AbortController();
  using stop = abortOnSignals();
  await using host = await openHost(home, config, {
    onSample: (latest) => {
      if (latest.features) done.abort();
    },
  });
  const seconds = host.spec.rateWindowMs / 1000;
  process.stderr.write(`no host runs on ${home.root}: sampling for about ${seconds} s first\n`);
  // Samples that fail are skipped, so that without a limit nothing would end a host that has none to give.
  const late = AbortSignal.timeout(10_000 + 5 * host.spec.rateWindowMs);
  await host.run(AbortSignal.any([done.signal, stop.signal, late]));
  stop.signal.throwIfAborted();
  return describeExplanation(await host.explain(), host.tasks.status());
}

/** An explanation as text. */
export function renderExplanation({
  decision,
  features,
  safeguards,
  backend,
  tasks,
}: ExplanationSummary): string {
  const probabilities = Object.entries(decision.probabilities ?? {});
  const plan = decision.plan.map(describePlan);
  const short = decision.shortages.map(({ who, label, evidence }) => `${who}: ${label}, ${evidence}`);
  const refusals = decision.refusals.map(
    (refusal) => `${refusal.target ?? 'host'}: ${refusal.reason} (${refusal.rule})`,
  );
  const sections: [string, string][] = [
    ['Decision', `${decision.label}, by ${decision.modelVersion ?? 'the rule'}: ${decision.reason}`],
    [
      'Probabilities',
      formatOptional(
        probabilities.map(([label, p]): [string, string] => [label, p.toFixed(3)]),
        'a rule gives none',
      ),
    ],
    ...describeTasks(tasks).map(([task, text]): [string, string] => [`Beside it: ${task}`, text]),
    ['Goal', decision.goal],
    ['Short of memory', short.join('\n') || 'nobody the targets could help'],
    ['Would do', plan.join('\n') || 'nothing'],
    ['Held back by', refusals.join('\n') || 'nothing'],
    ['Page-out here', backend],
    [
      'Safeguards',
      formatRows(safeguards.map((rule): [string, string] => [rule.rule, rule.reason ?? 'passes'])),
    ],
    [
      'Features',
      formatRows(
        features.map(({ name, value }): [string, string] => [name, String(Number(value.toPrecision(6)))]),
      ),
    ],
  ];
  return sections.map(([title, text]) => `${title}\n${text.replaceAll(/^/gm, '  ')}`).join('\n');
}

function formatOptional(rows: [string, string][], otherwise: string): string {
  return rows.length > 0 ? formatRows(rows) : otherwise;
}
