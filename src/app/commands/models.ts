// `models`: list, show, compare, activate, roll back and verify (models-upkeep.ts: the rest). A running host swaps live; without one the
// registry on disk is changed and the next start follows it.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { userFolder } from '../../core/index.ts';
import type { Home } from '../../core/index.ts';
import { findDaemon } from '../../bridge/index.ts';
import type { Command } from 'commander';
import { aliasesOf, openRegistry } from '../../models/index.ts';
import type { ComparedModel, ModelComparison, ModelPackage, ModelRegistry } from '../../models/index.ts';
import { renderModel, renderModels, writeInterval, renderScore } from '../models/render-models.ts';
import { homeError } from '../errors.ts';
import { readSavedConfig } from '../host/config.ts';
import { openHost } from '../host/host.ts';
import { formatRows, print, printJson } from '../terminal.ts';
import { addUpkeep } from './models-upkeep.ts';
import { homeOf } from './options.ts';

/** A package and the aliases that name it. */
type ShownModel = ModelPackage & { readonly aliases: readonly string[] };

interface JsonOption {
  json?: boolean;
}

/** Adds the command and its sub-commands. */
export function addModels(program: Command): void {
  const models = program
    .command('models')
    .description('list, show, compare, activate, roll back, verify, remove, prune and repair models');
  addSub(
    models,
    'list',
    'all models and their versions, with score, date, estimator and alias',
    async (home) => readRegistry(home, (r) => r.list()),
    renderModels,
  );
  addSub(
    models,
    'show <reference>',
    'what is known of name, name@version or name@live (--json: the manifest)',
    showModel,
    renderModel,
  );
  addSub(models, 'activate <reference>', 'make a version live', change('models.activate'), renderChange);
  addSub(
    models,
    'rollback [name]',
    'go back to the version that was live before, of the model that decides or of the named one',
    (home, name) => ask(home, 'models.rollback', name === '' ? {} : { name }),
    renderChange,
  );
  addSub(
    models,
    'verify <reference>',
    'check a stored package: hash, graph, features, golden rows',
    change('models.verify'),
    renderChange,
  );
  addCompare(models);
  addUpkeep(models);
  models.addHelpText('after', '\nExample:\n  $ ruvector-memopt models compare memopt@candidate memopt@live');
}

function addSub<T>(
  models: Command,
  usage: string,
  description: string,
  act: (home: Home, reference: string) => Promise<T>,
  render: (result: T) => string,
): void {
  const example = usage.replace('<reference>', 'memopt@live');
  models
    .command(usage)
    .description(description)
    .option('--json', 'print JSON')
    .addHelpText('after', `\nExample:\n  $ ruvector-memopt models ${example}`)
    .action(async (...args: unknown[]) => {
      const command = args.at(-1) as Command;
      const reference = typeof args[0] === 'string' ? args[0] : '';
      const result = await act(homeOf(command), reference);
      if (command.opts<JsonOption>().json) printJson(result);
      else print(render(result));
    });
}

function addCompare(models: Command): void {
  models
    .command('compare <a> <b>')
    .description('score two models on the same rows, which neither was trained on')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  $ ruvector-memopt models compare memopt@candidate memopt@live')
    .action(async (a: string, b: string, options: JsonOption, command: Command) => {
      const comparison = (await ask(homeOf(command), 'models.compare', { a, b })) as ModelComparison;
      if (options.json) printJson(comparison);
      else print(renderComparison(comparison));
    });
}

async function readRegistry<T>(home: Home, read: (registry: ModelRegistry) => Promise<T>): Promise<T> {
  // Nobody made the usual one yet; another one that is not there was mistyped.
  const usual = join(userFolder('XDG_DATA_HOME', join('.local', 'share')), 'ruvector');
  if (home.root !== usual && !existsSync(home.root))
    throw homeError(home.root, new Error('there is no such folder'));
  return read(await openRegistry(home.models, { readOnly: true }));
}

const showModel = (home: Home, reference: string): Promise<ShownModel> =>
  readRegistry(home, async (registry) => {
    const found = await registry.show(reference);
    return { ...found, aliases: aliasesOf(await registry.aliases(found.name), found.version) };
  });

const change =
  (request: string) =>
  (home: Home, reference: string): Promise<unknown> =>
    ask(home, request, reference === '' ? {} : { reference });

/** Asks the running host; without one, opens a host for the one request, so that both go the same way. */
async function ask(home: Home, request: string, params: object): Promise<unknown> {
  await using client = await findDaemon(home.bridgeFile);
  if (client) return (await client.request(request, params)).result;
  await using host = await openHost(home, readSavedConfig(home.root));
  await using own = await findDaemon(host.home.bridgeFile);
  return (await own!.request(request, params)).result;
}

function renderComparison({ a, b, rows, source, difference, interval, verdict }: ModelComparison): string {
  const describe = ({ estimator, created, ...score }: ComparedModel): string =>
    `${renderScore(score)}  ${created.slice(0, 16).replace('T', ' ')}  ${estimator}`;
  const from =
    source === 'history' ? "this host's history after both trainings" : 'the held-out rows of the newer one';
  return formatRows([
    [a.reference, describe(a)],
    [b.reference, describe(b)],
    ['rows', `${rows} from ${from}`],
    ...(difference === null || interval === null
      ? []
      : [['difference', `${difference.toFixed(3)} (${writeInterval(interval)})`] as [string, string]]),
    ['verdict', verdict],
  ]);
}

function renderChange(result: unknown): string {
  return formatRows(
    Object.entries(result as object).map(([name, value]): [string, string] => [name, toText(value)]),
  );
}

const toText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
