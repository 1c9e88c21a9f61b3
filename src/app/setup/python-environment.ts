// The Python that trains, where there is no other: a virtual environment in the data folder of this user, made of the wheel
// that the package brings (dist/python) and the pinned releases the tests run with. In a checkout: of its sources.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { resolveHome } from '../../core/index.ts';
import { makeFolder, writeWhole } from '../../files/index.ts';
import { findOwnEnvironment, pythonOf } from '../../train/index.ts';
import { findBasePython } from './base-python.ts';
import { setupFolderError } from './errors.ts';
import { runInstaller } from './run-installer.ts';
import { packageRoot } from '../jupyter/kernelspec.ts';

/** What goes into the environment beside what training needs. */
export interface PythonSetupOptions {
  /** JupyterLab and what the notebooks import. @default false */
  readonly lab?: boolean;
  /** LightGBM, XGBoost, PyTorch, Keras, Optuna and skops. @default false */
  readonly trainers?: boolean;
  /** The Python that the environment is made with. @default the first of python3, python, python3.13 … 3.10 that can */
  readonly python?: string;
  readonly onStep?: (text: string) => void;
  readonly signal?: AbortSignal;
}

/** What was set up. */
export interface PythonSetup {
  readonly folder: string;
  readonly python: string;
  /** `found`: it had all of this already. */
  readonly state: 'made' | 'found';
}

const pipInstall = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];
const STAMP = 'ruvector-setup.json';

/**
 * Makes the environment, or completes it.
 * @throws RuvectorError `ERR_APP_SETUP` where no Python can make one, or pip cannot install
 */
export async function setUpPython(options: PythonSetupOptions = {}): Promise<PythonSetup> {
  const folder = ownFolder();
  const python = pythonOf(folder);
  const requirements = await listRequirements(options, await readStamp(folder));
  const stamp = await readCurrentStamp(requirements);
  if (existsSync(python) && (await readStamp(folder))?.inputs === stamp.inputs)
    return { folder, python, state: 'found' };
  await install(folder, requirements, options);
  await writeWhole(join(folder, STAMP), `${JSON.stringify(stamp, null, 2)}\n`, 'a stamp');
  return { folder, python, state: 'made' };
}

/** Removes it. @returns false where there was none */
export async function removePython(): Promise<boolean> {
  const folder = ownFolder();
  if (!existsSync(join(folder, 'pyvenv.cfg'))) return false;
  await rm(folder, { recursive: true });
  return true;
}

/** @throws RuvectorError `ERR_APP_HOME` for a user without a home */
const ownFolder = (): string => findOwnEnvironment() ?? join(resolveHome().root, 'python');

interface Stamp {
  /** Hash of everything that was installed. */
  readonly inputs: string;
  readonly requirements: readonly string[];
}

async function install(
  folder: string,
  requirements: readonly string[],
  { python, onStep, signal }: PythonSetupOptions,
): Promise<void> {
  const own = pythonOf(folder);
  if (!existsSync(own)) {
    const base = await findBasePython(python);
    onStep?.(`making ${folder} with Python ${base.version}`);
    await makeFolder(dirname(folder), 0o700).catch((cause: unknown) => {
      throw setupFolderError(folder, cause, 'choose another place with RUVECTOR_HOME');
    });
    const advice = `\`rm -rf ${folder}\` and the same command start afresh`;
    await runInstaller(base.command, ['-m', 'venv', folder], {
      what: 'make a Python environment',
      advice,
      signal,
    });
  }
  const lists = requirements.slice(0, -1).flatMap((path) => ['-r', path]);
  onStep?.('installing Python packages, a minute or two');
  await runInstaller(own, [...pipInstall, ...lists], {
    what: 'install the Python packages',
    advice:
      'PIP_INDEX_URL names another package index, PIP_FIND_LINKS a folder of wheels; run the same command again',
    signal,
  });
  // Another build may have the version of the one that is there.
  await runInstaller(own, [...pipInstall, '--no-deps', '--force-reinstall', requirements.at(-1)!], {
    what: 'install the Python module',
    advice: 'run the same command again',
    signal,
  });
}

/** Lists of pinned packages, and last the module itself. What is there already stays: `--lab` is no word against it. */
async function listRequirements(
  { lab = false, trainers = false }: PythonSetupOptions,
  earlier: Stamp | null,
): Promise<string[]> {
  const folder = [join(packageRoot, 'dist', 'python'), join(packageRoot, 'python')].find((path) =>
    existsSync(join(path, 'requirements.txt')),
  )!;
  const isWanted = (name: string, asked: boolean): boolean =>
    asked || (earlier?.requirements.includes(name) ?? false);
  const lists = [
    'requirements.txt',
    ...(isWanted('requirements-lab.txt', lab) ? ['requirements-lab.txt'] : []),
    ...(isWanted('requirements-trainers.txt', trainers) ? ['requirements-trainers.txt'] : []),
  ];
  const wheel = (await readdir(folder)).find((name) => name.endsWith('.whl'));
  return [...lists.map((name) => join(folder, name)), wheel === undefined ? folder : join(folder, wheel)];
}

async function readCurrentStamp(requirements: readonly string[]): Promise<Stamp> {
  const hash = createHash('sha256');
  const files = requirements.map((path) => (/\.(txt|whl)$/.test(path) ? path : join(path, 'pyproject.toml')));
  for (const path of files) hash.update(await readFile(path));
  return {
    inputs: hash.digest('hex'),
    requirements: requirements.map((path) => path.split(/[\\/]/).at(-1)!),
  };
}

async function readStamp(folder: string): Promise<Stamp | null> {
  try {
    return JSON.parse(await readFile(join(folder, STAMP), 'utf8')) as Stamp;
  } catch {
    return null; // not there, or a write that was cut off: it is installed again
  }
}
