// Whose `ruvector` a Python would import: ours is the distribution ruvector-memopt, and on PyPI another project has
// the name of the module. Asked of that Python itself, by python/src/ruvector/_python_cell/module_check.py.
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { buildTrainerEnvironment } from './trainer-environment.ts';

/** Name under which the Python module is installed. */
export const DISTRIBUTION = 'ruvector-memopt';

/** What a Python would import as `ruvector`. */
export interface PythonModule {
  /**
   * `other` is another distribution, `shadowed` a file or folder that none brought, `overwritten` a folder in which
   * another distribution replaced our files.
   */
  readonly state: 'ours' | 'absent' | 'other' | 'shadowed' | 'overwritten';
  readonly path: string | null;
  readonly version: string | null;
  /** Name and version of another distribution with files in the same folder. */
  readonly other: string | null;
  /** What is wrong and how to fix it; null when it is ours alone, or absent. */
  readonly problem: string | null;
}

/** What a Python says of itself. */
export interface PythonCheck {
  readonly isNewEnough: boolean;
  /** Packages that were asked for and are not installed. */
  readonly missing: readonly string[];
  readonly module: PythonModule;
}

/** Options of {@link checkPython}. */
export interface CheckOptions {
  /** Import names to look for. @default none */
  readonly packages?: readonly string[];
  /** Folder that is looked at first, as Python does with that of a script. @default none, like a trainer */
  readonly folder?: string;
  readonly signal?: AbortSignal;
}

const root = join(import.meta.dirname, '../..');
const CHECK_SCRIPT = join(root, 'python', 'src', 'ruvector', '_python_cell', 'module_check.py');

/** A Python that hangs (a wrapper that waits for input) counts as none. */
const CHECK_TIMEOUT_MS = 20_000;

const run = promisify(execFile);

/** Asks a Python, in the environment a trainer would have. Imports nothing. @throws what starting it throws */
export async function checkPython(
  python: string,
  { packages = [], folder = '', signal }: CheckOptions = {},
): Promise<PythonCheck> {
  const env = buildTrainerEnvironment(process.env, 1);
  const options = { timeout: CHECK_TIMEOUT_MS, env, ...(signal && { signal }) };
  const { stdout } = await run(python, [CHECK_SCRIPT, folder, ...packages], options);
  return JSON.parse(stdout) as PythonCheck;
}

/** The command that installs our module: from a checkout where this is one, else the wheel that the package brings. */
export function installCommand(python: string): string {
  const checkout = join(root, 'python');
  const what = existsSync(join(checkout, 'pyproject.toml')) ? checkout : (findWheel() ?? DISTRIBUTION);
  return `${python} -m pip install ${quote(what)}`;
}

function findWheel(): string | undefined {
  const folder = join(root, 'dist', 'python');
  const names = existsSync(folder) ? readdirSync(folder) : [];
  return names.filter((name) => name.endsWith('.whl')).map((name) => join(folder, name))[0];
}

const quote = (path: string): string => (/^[\w./-]+$/.test(path) ? path : `'${path}'`);

/** Version of this package; the Python module has the same. */
export const ownVersion = (
  JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
).version;

/** Same major version and, below 1.0, same minor version: docs/protocol.md. */
export function isCompatible(version: string | null, own: string = ownVersion): boolean {
  const [major, minor] = own.split('.');
  const [theirMajor, theirMinor] = (version ?? '').split('.');
  return major === theirMajor && (major !== '0' || minor === theirMinor);
}

/** Completes `"<python>" …`. */
export function describeVersion(version: string | null): string {
  return `has ${DISTRIBUTION} ${version ?? 'of no version'}, which does not fit ${ownVersion} of this package: install the one that came with it`;
}
