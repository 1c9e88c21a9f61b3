// Installs an extra (src/core/extras.ts) beside the package, by the npm of this user: into the project that has the package,
// the global folder, or the folder that npx made. Written into the project's package.json, so that the next `npm install`
// keeps it.
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join, sep } from 'node:path';
import { extras, findMissingPackages } from '../../core/index.ts';
import type { ExtraName } from '../../core/index.ts';
import { packageRoot } from '../jupyter/kernelspec.ts';
import { foreignInstallError } from './errors.ts';
import { runInstaller } from './run-installer.ts';

/** What was installed. */
export interface ExtraSetup {
  readonly name: ExtraName;
  readonly packages: readonly string[];
  /** `found`: all were there. */
  readonly state: 'installed' | 'found';
}

/**
 * Installs what is missing of it.
 * @throws RuvectorError `ERR_APP_SETUP` where npm fails, or another package manager installed this package
 */
export async function installExtra(name: ExtraName, signal?: AbortSignal): Promise<ExtraSetup> {
  const packages = extras[name].packages;
  if (findMissingPackages(name).length === 0) return { name, packages, state: 'found' };
  const wanted = withVersions(packages);
  const { command, args } = findNpmCall();
  const place = findPlace(packageRoot);
  if (place === null) throw foreignInstallError(name, packageRoot, wanted);
  const options = ['--no-audit', '--no-fund', ...place];
  await runInstaller(command, [...args, 'install', ...options, ...wanted], {
    what: `install ${name}`,
    advice: `read the lines above, or run \`npm install ${wanted.join(' ')}\` where ruvector-memopt is installed`,
    // A setting of the project the user stands in would be npm's for ours, too.
    cwd: dirname(packageRoot),
    signal,
  });
  return { name, packages, state: 'installed' };
}

/** Options of npm for the folder a package lies in; null where it was not npm who put it there. */
export function findPlace(folder: string): string[] | null {
  const modules = dirname(folder);
  if (basename(modules) !== 'node_modules' || folder.includes(`${sep}.pnpm${sep}`)) return null;
  const project = dirname(modules);
  if (existsSync(join(project, 'package.json'))) return ['--prefix', project];
  // <prefix>/lib/node_modules: what `npm install -g` uses.
  return basename(project) === 'lib' ? ['--global', '--prefix', dirname(project)] : ['--prefix', project];
}

function withVersions(packages: readonly string[]): string[] {
  const { peerDependencies } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as {
    peerDependencies: Readonly<Record<string, string>>;
  };
  return packages.map((name) => `${name}@${peerDependencies[name]}`);
}

/** The npm that runs this (npx says where its script is), else the one on the PATH. */
function findNpmCall(): { command: string; args: string[] } {
  const script = process.env['npm_execpath'];
  if (script?.endsWith('.js') && existsSync(script)) return { command: process.execPath, args: [script] };
  return { command: process.platform === 'win32' ? 'npm.cmd' : 'npm', args: [] };
}
