// Which Python trains: $RUVECTOR_PYTHON, a .venv beside the project or the caller, the environment that
// `setup python` made, else the PATH.
// It looks for the packages without importing them, which would take seconds.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { resolveHome, systemCodeOf } from '../core/index.ts';
import { noPythonError } from './errors.ts';
import { DISTRIBUTION, checkPython, describeVersion, isCompatible } from './python-module.ts';
import type { PythonCheck } from './python-module.ts';

/** Options of {@link findPython}. */
export interface FindPythonOptions {
  /** @default process.env */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Directories whose .venv is tried. @default the working directory and this package's own */
  readonly directories?: readonly string[];
  readonly signal?: AbortSignal;
}

/** Import names of what the module needs, whatever it trains with: the dependencies of python/pyproject.toml. */
export const trainerPackages = [
  'ruvector',
  'numpy',
  'pyarrow',
  'zmq',
  'sklearn',
  'skl2onnx',
  'onnx',
  'onnxruntime',
  'quickjs',
  'tqdm',
] as const;

/**
 * Finds a Python ≥ 3.10 that has the trainer's packages.
 * @returns its path, or its name on the PATH
 * @throws RuvectorError `ERR_TRAIN_NO_PYTHON`: what was tried, what each lacks, and the command that fixes it
 */
export async function findPython(options: FindPythonOptions = {}): Promise<string> {
  const findings: string[] = [];
  for (const python of listCandidates(options)) {
    const problem = await readProblem(python, options.signal);
    if (problem === null) return python;
    findings.push(`"${python}" ${problem}`);
  }
  throw noPythonError(findings);
}

/** A Python named by the user is the only candidate: another one would be a surprise. */
function listCandidates(options: FindPythonOptions): string[] {
  const { env = process.env, directories = [process.cwd(), join(import.meta.dirname, '../..')] } = options;
  const named = env['RUVECTOR_PYTHON'];
  if (named) return [named];
  const found = directories.map((directory) => join(directory, '.venv'));
  const paths = [...found, env['VIRTUAL_ENV'] ?? '', findOwnEnvironment() ?? '']
    .filter((environment) => environment !== '')
    .map(pythonOf)
    .filter((path) => existsSync(path));
  return [...new Set([...paths, 'python3', 'python'])];
}

/**
 * The environment of `setup python`: one for all data folders of this user, in the one that no option names.
 * @returns its folder, whether it is there or not; null for a user without a home
 */
export function findOwnEnvironment(): string | null {
  try {
    return join(resolveHome().root, 'python');
  } catch {
    return null;
  }
}

/** The interpreter of a virtual environment. */
export function pythonOf(environment: string): string {
  return process.platform === 'win32'
    ? join(environment, 'Scripts', 'python.exe')
    : join(environment, 'bin', 'python');
}

async function readProblem(python: string, signal: AbortSignal | undefined): Promise<string | null> {
  try {
    return findProblem(await checkPython(python, { packages: trainerPackages, ...(signal && { signal }) }));
  } catch (error) {
    signal?.throwIfAborted();
    return systemCodeOf(error) === 'ENOENT' ? 'is not there' : 'does not start';
  }
}

/** Says why a Python cannot train; null when it can. Its version first, then whose module, then what is missing. */
export function findProblem({ isNewEnough, missing, module }: PythonCheck): string | null {
  if (!isNewEnough) return 'is older than Python 3.10';
  if (module.state !== 'ours' && module.problem !== null) return module.problem;
  if (module.state === 'ours' && !isCompatible(module.version)) return describeVersion(module.version);
  return missing.length === 0 ? null : `lacks ${missing.map(nameInstalled).join(', ')}`;
}

/** The module of ours is called by its distribution: what would be installed by its own name is another project. */
const nameInstalled = (name: string): string => (name === 'ruvector' ? DISTRIBUTION : name);
