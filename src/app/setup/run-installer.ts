// One run of a program that installs something, and what its failure means.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { setupError } from './errors.ts';

const run = promisify(execFile);

/** What is run for what. */
export interface InstallerRun {
  /** Completes `Cannot …`. */
  readonly what: string;
  /** What to do when it fails. */
  readonly advice: string;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs it to its end.
 * @returns its standard output
 * @throws RuvectorError `ERR_APP_SETUP` with its last lines
 */
export async function runInstaller(
  command: string,
  args: readonly string[],
  options: InstallerRun,
): Promise<string> {
  const { what, advice, cwd, env, signal } = options;
  try {
    const limits = {
      maxBuffer: 2 ** 28,
      ...(cwd !== undefined && { cwd }),
      ...(env && { env }),
      ...(signal && { signal }),
    };
    return (await run(command, [...args], limits)).stdout;
  } catch (error) {
    signal?.throwIfAborted();
    throw setupError(what, error, advice);
  }
}
