// The kernel of a checkout, which runs from its sources until somebody wants the kernel: that is started from what
// is built of them. The published package brings it built.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { kernelEntry, packageRoot } from './kernelspec.ts';

/** Builds the kernel where it is missing and its sources are here (half a minute); else does nothing. */
export function ensureKernelBuilt(): void {
  const setup = join(packageRoot, 'scripts', 'setup.mjs');
  if (existsSync(kernelEntry) || !existsSync(setup)) return;
  // What it says is no part of what the command prints; where it fails, the installation says what is missing.
  spawnSync(process.execPath, [setup, 'build'], { stdio: ['ignore', 2, 2] });
}
