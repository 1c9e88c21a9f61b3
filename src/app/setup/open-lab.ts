// Opens JupyterLab of the Python that trains, with the kernel installed into that environment.
import { spawn } from 'node:child_process';
import { cp, readdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { makeFolder } from '../../files/index.ts';
import { findPython } from '../../train/index.ts';
import { ensureKernelBuilt } from '../jupyter/ensure-kernel.ts';
import { resolvePrefixDataDirectory } from '../jupyter/jupyter-paths.ts';
import { installKernel, packageRoot } from '../jupyter/kernelspec.ts';
import { tell } from '../terminal.ts';
import { noLabError, setupFolderError } from './errors.ts';
import { runInstaller } from './run-installer.ts';

/**
 * Runs JupyterLab to its end.
 * @returns its exit code
 * @throws RuvectorError `ERR_TRAIN_NO_PYTHON`, `ERR_APP_SETUP` before anything is written where something is missing
 */
export async function openLab(folder: string, args: readonly string[]): Promise<number> {
  const python = await findPython();
  const prefix = await readLabPrefix(python);
  ensureKernelBuilt();
  await installKernel({ dataDirectory: resolvePrefixDataDirectory(prefix, process.platform), python });
  const notebooks = resolve(folder);
  if (await fillFolder(notebooks)) tell(`put the example notebooks into ${notebooks}`);
  // JupyterLab refuses root, and the root of a container has nobody else to be.
  const asRoot = process.getuid?.() === 0 ? ['--allow-root'] : [];
  const words = ['-m', 'jupyterlab', '--MultiKernelManager.default_kernel_name=ruvector', ...asRoot, ...args];
  const child = spawn(python, words, {
    cwd: notebooks,
    stdio: 'inherit',
    env: {
      ...process.env,
      RUVECTOR_PYTHON: python,
      PATH: `${dirname(process.execPath)}:${process.env['PATH']}`,
    },
  });
  // A terminal sends Ctrl-C to both; JupyterLab asks, and ends this with it.
  const pass = (signal: NodeJS.Signals): void => void (signal === 'SIGINT' || child.kill(signal));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, pass);
  return await new Promise((done, fail) => {
    child.once('error', fail);
    child.once('exit', (code) => done(code ?? 1));
  });
}

async function readLabPrefix(python: string): Promise<string> {
  const code =
    'import sys, importlib.util as u; print(sys.prefix if u.find_spec("jupyterlab") is not None else "")';
  const prefix = (
    await runInstaller(python, ['-c', code], {
      what: `ask "${python}" for JupyterLab`,
      advice: 'see that it starts',
    })
  ).trim();
  if (prefix === '') throw noLabError(python);
  return prefix;
}

/** Never over what somebody has in it. */
async function fillFolder(folder: string): Promise<boolean> {
  try {
    await makeFolder(folder);
    if ((await readdir(folder)).length > 0) return false;
    await cp(join(packageRoot, 'notebooks'), folder, { recursive: true });
    return true;
  } catch (error) {
    throw setupFolderError(folder, error, 'name another folder');
  }
}
