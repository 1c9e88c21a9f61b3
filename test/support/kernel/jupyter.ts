// A private Jupyter for one test file: own data, configuration, run-time and IPython folders, with our kernel
// installed in it the way a user installs it.
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installKernel } from '../../../src/app/jupyter/kernelspec.ts';
import type { InstalledKernel } from '../../../src/app/jupyter/kernelspec.ts';
import { jsonSchemaEnv, python } from '../python.ts';

const root = join(import.meta.dirname, '../../..');

/** A private Jupyter. */
export interface TestJupyter {
  readonly folder: string;
  /** Environment in which Jupyter's programs see this installation only. */
  readonly env: NodeJS.ProcessEnv;
  readonly kernel: InstalledKernel;
  /** Runs Python; resolves to what it wrote and its exit code. */
  run(args: readonly string[], timeoutMs?: number): Promise<PythonRun>;
  [Symbol.dispose](): void;
}

/** A Python that ended. */
export interface PythonRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Makes the folders and installs the kernel, from its sources. */
export async function createJupyter(): Promise<TestJupyter> {
  const folder = mkdtempSync(join(tmpdir(), 'rvj-'));
  const path = (name: string): string => {
    mkdirSync(join(folder, name));
    return join(folder, name);
  };
  const dataDirectory = path('data');
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    ...jsonSchemaEnv,
    JUPYTER_PATH: '',
    // Before a kernel that `npm run lab` put into the Python environment.
    JUPYTER_PREFER_ENV_PATH: '0',
    JUPYTER_DATA_DIR: dataDirectory,
    JUPYTER_CONFIG_DIR: path('config'),
    JUPYTER_RUNTIME_DIR: path('runtime'),
    IPYTHONDIR: path('ipython'),
    RUVECTOR_HOME: path('home'),
    RUVECTOR_KERNEL_HISTORY: join(folder, 'history.sqlite'),
  };
  const kernel = await installKernel({ dataDirectory, entry: join(root, 'kernel', 'main.ts') });
  return {
    folder,
    env,
    kernel,
    run: (args, timeoutMs = 100_000) =>
      new Promise((resolve) => {
        execFile(python, args, { env, timeout: timeoutMs }, (error, stdout, stderr) =>
          resolve({ code: error ? 1 : 0, stdout, stderr }),
        );
      }),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }),
  };
}
