// Which Python runs `%%python` cells: $RUVECTOR_PYTHON, a .venv of the notebook's folder or of the product,
// $VIRTUAL_ENV, the environment of `setup python`, else the PATH. Any Python ≥ 3.10 will do: its side of the bridge is started by path.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { ForeignError } from '../foreign-error.ts';
import { Set, process } from '../primordials.ts';

const run = promisify(execFile);

/** No Python can be started. */
export class PythonNotFoundError extends ForeignError {
  override readonly name = 'PythonNotFoundError';
}

/** A Python that can run cells. */
export interface NotebookPythonPath {
  readonly path: string;
  /** Whether it has pyzmq. */
  readonly hasZeromq: boolean;
}

/** Root of the package this kernel is part of, from sources and from dist/kernel alike. */
export function findPackageRoot(from: string = import.meta.dirname): string {
  if (existsSync(join(from, 'package.json'))) return from;
  const parent = dirname(from);
  return parent === from ? from : findPackageRoot(parent);
}

/**
 * Finds a Python.
 * @throws PythonNotFoundError with what was tried
 */
export async function findNotebookPython(env: NodeJS.ProcessEnv = process.env): Promise<NotebookPythonPath> {
  const problems: string[] = [];
  for (const path of listCandidates(env)) {
    const checked = await checkPython(path);
    if (typeof checked !== 'string') return { path, ...checked };
    problems.push(`"${path}" ${checked}`);
  }
  throw new PythonNotFoundError(
    'PythonNotFoundError',
    `Cannot find a Python for this notebook: ${problems.join('; ')}; ` +
      'install Python ≥ 3.10, or name one: %env RUVECTOR_PYTHON=/path/to/python3',
  );
}

/** A Python named by the user is the only candidate: another one would be a surprise. */
function listCandidates(env: NodeJS.ProcessEnv): string[] {
  const named = env['RUVECTOR_PYTHON'];
  if (named) return [named];
  const program = process.platform === 'win32' ? ['Scripts', 'python.exe'] : ['bin', 'python'];
  const environments = [
    join(process.cwd(), '.venv'),
    join(findPackageRoot(), '.venv'),
    env['VIRTUAL_ENV'],
    ownEnvironment(env),
  ];
  const paths = environments
    .filter((environment) => environment !== undefined && environment !== '')
    .map((environment) => join(environment!, ...program))
    .filter((path) => existsSync(path));
  return [...new Set([...paths, 'python3', 'python'])];
}

/** As the product names it (src/core/home.ts). */
function ownEnvironment(env: NodeJS.ProcessEnv): string {
  const data = env['XDG_DATA_HOME'] || join(env['HOME'] ?? '', '.local', 'share');
  return join(env['RUVECTOR_HOME'] || join(data, 'ruvector'), 'python');
}

/** What a Python has; what is wrong with it when it cannot be used. */
async function checkPython(python: string): Promise<{ hasZeromq: boolean } | string> {
  const check =
    'import sys, importlib.util as u; print(sys.version_info >= (3, 10), u.find_spec("zmq") is not None)';
  try {
    const { stdout } = await run(python, ['-c', check], { timeout: 20_000 });
    const [isNew, hasZeromq] = stdout.trim().split(' ');
    return isNew === 'True' ? { hasZeromq: hasZeromq === 'True' } : 'is older than Python 3.10';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'is not there' : 'does not start';
  }
}
