// `models remove`, `prune` and `repair`: they need no model to run. A running host does it itself, since it knows
// what answers; without one the folder is changed here, under the same lock.
import type { Home } from '../../core/index.ts';
import { findDaemon } from '../../bridge/index.ts';
import type { Command } from 'commander';
import { openRegistry } from '../../models/index.ts';
import type { ModelId, ModelRegistry, PruneReport, RepairReport } from '../../models/index.ts';
import { buildConfig, readSavedConfig } from '../host/config.ts';
import { makeHome } from '../home.ts';
import { formatRows, print, printJson } from '../terminal.ts';
import { homeOf, parseNumber } from './options.ts';

interface UpkeepOptions {
  json?: boolean;
  dryRun?: boolean;
  keep?: number;
}

/** Adds the sub-commands. */
export function addUpkeep(models: Command): void {
  models
    .command('remove <reference>')
    .description('remove a version that no alias names and nothing uses')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  $ ruvector-memopt models remove memopt@20260101T120000000-0123abcd')
    .action(async (reference: string, options: UpkeepOptions, command: Command) => {
      const removed = await upkeep<ModelId>(
        homeOf(command),
        'models.remove',
        { reference },
        async (registry) => {
          const { name, version } = await registry.resolve(reference);
          await registry.remove(name, version);
          return { name, version };
        },
      );
      if (options.json) printJson(removed);
      else print(`removed ${removed.name}@${removed.version}`);
    });
  models
    .command('prune')
    .description('remove old versions now: what was never live first, never what an alias names')
    .option(
      '--keep <n>',
      'versions of each name that stay (default: as served, else 20); 0 keeps all',
      parseNumber,
    )
    .option('--dry-run', 'only say what would go')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  $ ruvector-memopt models prune --keep 5 --dry-run')
    .action(async ({ json, keep, dryRun }: UpkeepOptions, command: Command) => {
      buildConfig({ keepModels: keep ?? 0 });
      const params = { ...(keep !== undefined && { keep }), ...(dryRun && { dryRun }) };
      const report = await upkeep<PruneReport>(homeOf(command), 'models.prune', params, (r) =>
        r.prune(params),
      );
      if (json) printJson(report);
      else print(renderPruned(report));
    });
  models
    .command('repair')
    .description(
      'rebuild damaged aliases from packages that verify, set damage and leftovers aside; deletes nothing',
    )
    .option('--dry-run', 'only say what would be done')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  $ ruvector-memopt models repair --dry-run')
    .action(async ({ json, dryRun = false }: UpkeepOptions, command: Command) => {
      const params = { dryRun };
      const report = await upkeep<RepairReport>(homeOf(command), 'models.repair', params, (r) =>
        r.repair(params),
      );
      if (json) printJson(report);
      else print(renderRepair(report));
    });
}

async function upkeep<T>(
  home: Home,
  request: string,
  params: object,
  act: (registry: ModelRegistry) => Promise<T>,
): Promise<T> {
  await using client = await findDaemon(home.bridgeFile);
  if (client) return (await client.request(request, params)).result as T;
  makeHome(home);
  const { keepModels } = readSavedConfig(home.root);
  return act(await openRegistry(home.models, { keepVersions: keepModels }));
}

function renderPruned({ keep, dryRun, pruned }: PruneReport): string {
  const limit = keep === 0 ? 'all are kept' : `${keep} of each name are kept`;
  if (pruned.length === 0) return `Nothing to remove: ${limit}.`;
  return formatRows([
    ...pruned.map(({ name, version, wasLive }): [string, string] => [
      `${name}@${version}`,
      wasLive ? 'was live' : 'was never live',
    ]),
    [dryRun ? 'would be removed' : 'removed', `${pruned.length}; ${limit}`],
  ]);
}

function renderRepair({ directory, dryRun, models }: RepairReport): string {
  const rows = models.flatMap(({ name, findings, sound }): [string, string][] => [
    ...findings.map(({ entry, problem, action }): [string, string] => [
      `${name}/${entry}`,
      `${problem}: ${action}`,
    ]),
    [
      name,
      `${sound.length} sound version${sound.length === 1 ? '' : 's'}${findings.length === 0 ? ', in order' : ''}`,
    ],
  ]);
  if (rows.length === 0) return `No models in "${directory}".`;
  return `${formatRows(rows)}${dryRun ? '\nDry run: nothing was changed.' : ''}`;
}
