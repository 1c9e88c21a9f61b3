// Errors of setting up and removing what the package does not bring.
import { RuvectorError, adviseOn, messageOf } from '../../core/index.ts';

const LAST_LINES = 12;

/** A program that installs something failed, code `ERR_APP_SETUP`; its last lines are in the text. */
export function setupError(what: string, cause: unknown, advice: string): RuvectorError {
  const { stderr, stdout } = cause as { stderr?: string; stdout?: string };
  const said = [stdout, stderr].filter(Boolean).join('\n').trim() || messageOf(cause);
  const lines = said.split('\n').slice(-LAST_LINES).join('\n');
  return new RuvectorError('ERR_APP_SETUP', `Cannot ${what}: ${lines}; ${advice}`, { cause });
}

/** A folder that is to hold what is set up cannot be made or filled, code `ERR_APP_SETUP`. */
export function setupFolderError(folder: string, cause: unknown, advice: string): RuvectorError {
  const { state, nextStep } = adviseOn(cause);
  return new RuvectorError(
    'ERR_APP_SETUP',
    `Cannot write folder "${folder}": ${state}; ${nextStep}, or ${advice}`,
    {
      cause,
    },
  );
}

/** No Python can make an environment, code `ERR_APP_SETUP`. */
export function noBasePythonError(findings: readonly string[]): RuvectorError {
  return new RuvectorError(
    'ERR_APP_SETUP',
    `Cannot make a Python environment: ${findings.join('; ')}; ` +
      'install Python 3.10 or newer (Debian: apt-get install python3 python3-venv; macOS: brew install python), or name one with --python',
    { details: { tried: findings } },
  );
}

/** Not npm put the package where it is, code `ERR_APP_SETUP`. */
export function foreignInstallError(extra: string, folder: string, wanted: readonly string[]): RuvectorError {
  return new RuvectorError(
    'ERR_APP_SETUP',
    `Cannot install "${extra}" beside "${folder}": that is no folder of npm's; ` +
      `add ${wanted.join(' ')} with the package manager that you use`,
    { details: { extra, wanted } },
  );
}

/** JupyterLab is not there, code `ERR_APP_SETUP`. */
export function noLabError(python: string): RuvectorError {
  return new RuvectorError(
    'ERR_APP_SETUP',
    `Cannot open JupyterLab: "${python}" does not have it; run \`npx ruvector-memopt setup python --lab\``,
  );
}

/** Something that must not be removed while it is used, code `ERR_APP_UNINSTALL`. */
export function stillRunningError(root: string, pid: number): RuvectorError {
  return new RuvectorError(
    'ERR_APP_UNINSTALL',
    `Cannot remove "${root}": a daemon with pid ${pid} runs on it; stop it and run the same command again`,
    { details: { pid } },
  );
}

/** Nobody said yes, code `ERR_APP_NOT_CONFIRMED`. */
export function removalNotConfirmedError(): RuvectorError {
  return new RuvectorError(
    'ERR_APP_NOT_CONFIRMED',
    'Cannot remove anything: nobody confirmed it; answer the question in a terminal, or add --yes',
  );
}
