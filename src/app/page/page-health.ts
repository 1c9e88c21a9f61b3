// `doctor` for the page: in a process of its own, because its checks load what a daemon goes without; run when somebody
// looks, and kept for a minute.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { CheckResult } from '../doctor/check.ts';
import type { Host } from '../host/host-types.ts';

/** What was found, and when. */
export interface PageHealth {
  readonly atMs: number;
  readonly checks: readonly CheckResult[];
}

const run = promisify(execFile);
const command = fileURLToPath(new URL('../../../bin/ruvector-memopt.mjs', import.meta.url));
const KEEP_MS = 60_000;
const LIMIT_MS = 120_000;

/** Builds the reader. */
export function createHealthReader({ home }: Pick<Host, 'home'>): () => Promise<PageHealth> {
  let known: PageHealth | null = null;
  return async () => {
    if (known !== null && Date.now() - known.atMs < KEEP_MS) return known;
    // Exit code 1 is a check that found something missing, and is an answer as well.
    const { stdout } = await run(process.execPath, [command, '--home', home.root, 'doctor', '--json'], {
      timeout: LIMIT_MS,
    }).catch((error: Error & { readonly stdout?: string }) => {
      if (error.stdout?.startsWith('[')) return { stdout: error.stdout };
      throw error;
    });
    known = { atMs: Date.now(), checks: JSON.parse(stdout) as CheckResult[] };
    return known;
  };
}
