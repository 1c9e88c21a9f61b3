// Which Python environment is meant by `--sys-prefix`: $RUVECTOR_PYTHON, the active virtual or conda
// environment, else the Python on the PATH. It is asked for its sys.prefix, not guessed.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { messageOf } from '../../core/index.ts';
import { noPrefixError } from '../errors.ts';

const run = promisify(execFile);
const TIMEOUT_MS = 20_000;

/** A Python environment. */
export interface PythonPrefix {
  readonly prefix: string;
  /** Its interpreter. */
  readonly python: string;
}

/**
 * Asks the Python for its prefix.
 * @throws RuvectorError `ERR_APP_NO_PREFIX` where none answers
 */
export async function readPythonPrefix(env: NodeJS.ProcessEnv = process.env): Promise<PythonPrefix> {
  const problems: string[] = [];
  for (const python of listPythons(env)) {
    try {
      const code = 'import sys; print(sys.prefix); print(sys.executable)';
      const { stdout } = await run(python, ['-c', code], { timeout: TIMEOUT_MS });
      const [prefix = '', executable = ''] = stdout.trim().split(/\r?\n/);
      return { prefix, python: executable || python };
    } catch (error) {
      problems.push(`"${python}": ${messageOf(error).split('\n')[0]}`);
    }
  }
  throw noPrefixError(problems);
}

/** The interpreter of an environment; undefined where `prefix` is none. */
export function findPythonOf(prefix: string): string | undefined {
  const path =
    process.platform === 'win32' ? join(prefix, 'Scripts', 'python.exe') : join(prefix, 'bin', 'python');
  return existsSync(path) ? path : undefined;
}

/** A Python named by the user or by an active environment is the only candidate. */
function listPythons(env: NodeJS.ProcessEnv): string[] {
  const named = env['RUVECTOR_PYTHON'];
  if (named) return [named];
  const active = env['VIRTUAL_ENV'] || env['CONDA_PREFIX'];
  const python = active ? findPythonOf(active) : undefined;
  return python === undefined ? ['python3', 'python'] : [python];
}
