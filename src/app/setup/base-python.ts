// A Python that can make virtual environments. Debian has the modules for it in a package of their own.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { systemCodeOf } from '../../core/index.ts';
import { noBasePythonError } from './errors.ts';

const run = promisify(execFile);
const TIMEOUT_MS = 20_000;
const newestFirst = ['3.14', '3.13', '3.12', '3.11', '3.10'].map((version) => `python${version}`);

/** A Python, and its version. */
export interface BasePython {
  readonly command: string;
  readonly version: string;
}

/**
 * Finds the first that is new enough and has venv and pip.
 * @param named the only candidate where it is given
 * @throws RuvectorError `ERR_APP_SETUP` with what each one lacks
 */
export async function findBasePython(named?: string): Promise<BasePython> {
  const findings: string[] = [];
  for (const command of named === undefined ? ['python3', 'python', ...newestFirst] : [named]) {
    const found = await look(command);
    if (typeof found !== 'string') return { command, version: found.version };
    findings.push(`"${command}" ${found}`);
  }
  throw noBasePythonError(findings);
}

async function look(command: string): Promise<{ version: string } | string> {
  const code =
    'import sys, importlib.util as u; print(*sys.version_info[:3], all(u.find_spec(m) for m in ("venv", "ensurepip")))';
  try {
    const { stdout } = await run(command, ['-c', code], { timeout: TIMEOUT_MS });
    const [major = '', minor = '', patch = '', canMake = ''] = stdout.trim().split(' ');
    if (patch === '') return 'says no version, as Python would';
    const version = `${major}.${minor}.${patch}`;
    if (Number(major) !== 3 || Number(minor) < 10) return `is ${version}, older than 3.10`;
    return canMake === 'True'
      ? { version }
      : `is ${version} and has no venv (Debian: apt-get install python3-venv)`;
  } catch (error) {
    return systemCodeOf(error) === 'ENOENT' ? 'is not there' : 'does not start';
  }
}
