// `kernel`: install, list and uninstall the notebook kernel where Jupyter finds it.
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { findUserHome } from '../../core/index.ts';
import { configError } from '../errors.ts';
import {
  listDataDirectories,
  resolvePrefixDataDirectory,
  resolveUserDataDirectory,
} from '../jupyter/jupyter-paths.ts';
import type { JupyterHost } from '../jupyter/jupyter-paths.ts';
import { ensureKernelBuilt } from '../jupyter/ensure-kernel.ts';
import { KERNEL_NAME, installKernel, listKernels, uninstallKernel } from '../jupyter/kernelspec.ts';
import type { InstalledKernel } from '../jupyter/kernelspec.ts';
import { findPythonOf, readPythonPrefix } from '../jupyter/python-prefix.ts';
import { formatRows, print, printJson } from '../terminal.ts';

interface PlaceOptions {
  readonly user?: boolean;
  readonly prefix?: string;
  readonly sysPrefix?: boolean;
  readonly name?: string;
  readonly json?: boolean;
}

/** Where a kernel goes, and the Python of that place. */
interface Place {
  readonly dataDirectory: string;
  readonly python?: string | undefined;
}

/** Adds the command and its sub-commands. */
export function addKernel(program: Command): void {
  const kernel = program
    .command('kernel')
    .description('install, list and uninstall the TypeScript notebook kernel for Jupyter')
    .addHelpText('after', '\nExample:\n  $ ruvector-memopt kernel install && jupyter lab');
  withPlace(kernel.command('install').description('install the kernel where Jupyter finds it'), 'install')
    .option('--name <name>', 'name of the kernel', KERNEL_NAME)
    .action(async (options: PlaceOptions) => {
      const wanted = { ...(await resolvePlace(options)), name: checkName(options.name) };
      ensureKernelBuilt();
      report(options, [await installKernel(wanted)], 'installed');
    });
  withPlace(
    kernel.command('list').description('where it is installed and whether it can start'),
    'list',
  ).action(async (options: PlaceOptions) => {
    const installed = await listKernels(await listPlaces(options));
    if (options.json) printJson(installed);
    else print(installed.length === 0 ? NOTHING : renderKernels(installed));
    if (installed.some(({ problems }) => problems.length > 0)) process.exitCode = 1;
  });
  withPlace(kernel.command('uninstall').description('remove the kernel'), 'uninstall')
    .option('--name <name>', 'name of the kernel', KERNEL_NAME)
    .action(async (options: PlaceOptions) => {
      report(options, await uninstallKernel(await listPlaces(options), checkName(options.name)), 'removed');
    });
}

const NOTHING = 'Not installed; `ruvector-memopt kernel install` installs it for this user.';

function withPlace(command: Command, example: string): Command {
  const isInstall = example === 'install';
  return command
    .option('--user', isInstall ? 'for this user (the default)' : 'only the one of this user')
    .option('--prefix <folder>', 'in the Python environment of that folder')
    .option('--sys-prefix', 'in the active Python environment, or that of the Python on the PATH')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `\nExample:\n  $ ruvector-memopt kernel ${example}${isInstall ? ' --sys-prefix' : ''}`,
    );
}

const currentHost = (): JupyterHost => ({
  env: process.env,
  platform: process.platform,
  get home() {
    return findUserHome();
  },
});

async function resolvePlace(options: PlaceOptions): Promise<Place> {
  const given = [options.user, options.prefix !== undefined, options.sysPrefix].filter(Boolean);
  if (given.length > 1) throw configError(['--user, --prefix and --sys-prefix exclude each other']);
  if (options.sysPrefix) {
    const { prefix, python } = await readPythonPrefix();
    return { dataDirectory: resolvePrefixDataDirectory(prefix, process.platform), python };
  }
  if (options.prefix !== undefined) {
    const prefix = resolve(options.prefix);
    return {
      dataDirectory: resolvePrefixDataDirectory(prefix, process.platform),
      python: findPythonOf(prefix),
    };
  }
  return { dataDirectory: resolveUserDataDirectory(currentHost()) };
}

/** The one place that was named; else everywhere Jupyter looks, without failing where there is no Python. */
async function listPlaces(options: PlaceOptions): Promise<string[]> {
  if (options.user || options.sysPrefix || options.prefix !== undefined) {
    return [(await resolvePlace(options)).dataDirectory];
  }
  const prefixes = await readPythonPrefix().then(
    ({ prefix }) => [prefix],
    () => [],
  );
  return listDataDirectories(currentHost(), prefixes);
}

/** Jupyter's own rule for names of kernels. */
function checkName(name: string = KERNEL_NAME): string {
  if (/^[a-z0-9._-]+$/.test(name)) return name;
  throw configError([`--name "${name}" must consist of a–z, 0–9, ".", "_" and "-"`]);
}

function report(options: PlaceOptions, kernels: readonly InstalledKernel[], verb: string): void {
  if (options.json) printJson(kernels);
  else print(kernels.map(({ displayName, directory }) => `${displayName}: ${verb}, ${directory}`).join('\n'));
}

function renderKernels(kernels: readonly InstalledKernel[]): string {
  return kernels
    .map(({ name, displayName, directory, node, entry, version, problems }) =>
      formatRows([
        [name, displayName],
        ['  folder', directory],
        ['  release', version],
        ['  starts', `${node} ${entry}`],
        ...problems.map((problem): [string, string] => ['  problem', problem]),
      ]),
    )
    .join('\n\n');
}
