// Everything that this package, its commands and its set-up have put on this machine, with sizes: what `uninstall` lists
// and, asked to, removes. A folder is measured by what it takes on the disk; links are not followed.
import { readdir, rm } from 'node:fs/promises';
import { existsSync, lstatSync, readdirSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { findUserHome, homeParts, partOf, resolveHome, userFolder } from '../../core/index.ts';
import type { Home } from '../../core/index.ts';
import { findOwnEnvironment } from '../../train/index.ts';
import { CONFIG_FILE_NAME } from '../commands/config-file.ts';
import { listDataDirectories } from '../jupyter/jupyter-paths.ts';
import { listKernels, packageRoot, uninstallKernel } from '../jupyter/kernelspec.ts';
import { readPythonPrefix } from '../jupyter/python-prefix.ts';

/** One thing that lies somewhere. */
export interface LeftBehind {
  readonly what: string;
  readonly path: string;
  /** Null for a checkout, which is mostly what others brought. */
  readonly sizeBytes: number | null;
  /** How to remove what `--remove` leaves alone; null for what it removes. */
  readonly byHand: string | null;
}

interface Place {
  readonly what: string;
  readonly path: string;
  readonly byHand?: string;
}

/** Lists what there is; looks nowhere but in the places this product writes to. */
export async function listLeftBehind(home: Home): Promise<LeftBehind[]> {
  const places = [...listHome(home), ...listOutside(home), ...(await listKernelPlaces()), ...listUnits()];
  const seen = new Set<string>();
  const found: LeftBehind[] = [];
  for (const { what, path, byHand = null } of places) {
    if (seen.has(path) || !existsSync(path)) continue;
    seen.add(path);
    found.push({ what, path, sizeBytes: isCheckout(path) ? null : measure(path), byHand });
  }
  return found;
}

/** Removes what is marked so, kernels by their own rules. @returns what was removed */
export async function removeLeftBehind(home: Home, found: readonly LeftBehind[]): Promise<LeftBehind[]> {
  const ours = found.filter(({ byHand }) => byHand === null);
  for (const { what, path } of ours) {
    if (what === KERNEL) await uninstallKernel([dirname(dirname(path))], basename(path));
    else await rm(path, { recursive: true, force: true });
  }
  // Empty by now, unless somebody keeps something of their own in it.
  await removeEmpty(home.root);
  return ours;
}

const KERNEL = 'notebook kernel';

function listHome(home: Home): Place[] {
  const parts = Object.keys(homeParts) as (keyof typeof homeParts)[];
  const path = join(home.root, CONFIG_FILE_NAME);
  const settings = { what: 'your configuration file of `serve`', path, byHand: `rm ${path}` };
  return [...parts.map((part) => ({ what: homeParts[part], path: partOf(home, part) })), settings];
}

/** Files of ours beside the home. */
function listOutside(home: Home): Place[] {
  const cache = userFolder('XDG_CACHE_HOME', '.cache');
  const own = findOwnEnvironment();
  const usual = resolveHome();
  return [
    ...(own === null ? [] : [{ what: homeParts.python, path: own }]),
    ...(usual.root === home.root
      ? []
      : [{ what: 'another data folder', path: usual.root, byHand: 'run `uninstall` without --home for it' }]),
    { what: 'native library of tf.js', path: join(cache, 'ruvector-memopt') },
    { what: 'training samples of programs', path: join(cache, 'ruvector') },
    {
      what: 'compiled sources, of other programs too',
      path: join(tmpdir(), 'node-compile-cache'),
      byHand: 'rm -rf, at any time',
    },
    describeProgram(),
  ];
}

const isCheckout = (path: string): boolean => existsSync(join(path, 'scripts', 'setup.mjs'));

function describeProgram(): Place {
  const isGlobal = !existsSync(join(packageRoot, '..', '..', 'package.json'));
  const byHand = isCheckout(packageRoot)
    ? 'rm -rf, with everything in it'
    : `npm uninstall ${isGlobal ? '--global ' : ''}ruvector-memopt`;
  return { what: 'the program', path: packageRoot, byHand };
}

async function listKernelPlaces(): Promise<Place[]> {
  const prefixes = await readPythonPrefix().then(
    ({ prefix }) => [prefix],
    () => [],
  );
  const host = { env: process.env, platform: process.platform, home: findUserHome() };
  const kernels = await listKernels(listDataDirectories(host, prefixes));
  return kernels.map(({ directory }) => ({ what: KERNEL, path: directory }));
}

/** Where `serve --print-unit` says that its unit goes; whoever put it there has to stop it first. */
function listUnits(): Place[] {
  const name = 'ruvector-memopt.service';
  const user = join(userFolder('XDG_CONFIG_HOME', '.config'), 'systemd', 'user', name);
  return [
    { path: user, scope: '--user ' },
    { path: join('/etc/systemd/system', name), scope: '' },
  ].map(({ path, scope }) => ({
    what: 'systemd unit',
    path,
    byHand: `systemctl ${scope}disable --now ruvector-memopt && rm ${path.replace(homedir(), '~')}`,
  }));
}

/** Synchronous: some ten thousand files, of a command that does nothing else meanwhile. */
function measure(path: string): number {
  try {
    const entry = lstatSync(path);
    const names = entry.isDirectory() ? readdirSync(path) : [];
    const own = process.platform === 'win32' ? entry.size : entry.blocks * 512;
    return names.reduce((sum, name) => sum + measure(join(path, name)), own);
  } catch {
    return 0; // gone meanwhile, or not ours to read
  }
}

async function removeEmpty(folder: string): Promise<void> {
  const isEmpty = (await readdir(folder).catch(() => ['?'])).length === 0;
  if (isEmpty) await rm(folder, { recursive: true, force: true });
}
