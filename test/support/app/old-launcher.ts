// The launcher as an older Node runs it: a copy of bin/ beside a "bundled" Node 24, started with the version and
// the calls of Node 20. With koffi it can still replace itself, without it has to wait for a child.
import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../../..');

/** What a process does to look like Node 20 to the launcher. */
const asOldNode = `data:text/javascript,
  Object.defineProperty(process.versions, 'node', { value: '20.0.0' });
  process.execve = undefined;`;

/** A copy of the launcher. */
export interface OldLauncher extends Disposable {
  /** Its folder; `bin/` is in it. */
  readonly folder: string;
  /** Starts a script of the folder as Node 20 would. */
  start(script: string, args: readonly string[], options?: StartOptions): ChildProcess;
}

/** A Node before 24 of this machine, if there is one beside the one that runs the tests. */
export function findOldNode(): string | null {
  for (const path of ['/usr/bin/node', '/usr/local/bin/node']) {
    if (!existsSync(path)) continue;
    const version = execFileSync(path, ['-p', 'process.versions.node'], { encoding: 'utf8' });
    if (Number(version.split('.')[0]) < 24) return path;
  }
  return null;
}

/** How it is started. */
export interface StartOptions {
  /** A real older Node instead of one that says so of itself. */
  readonly node?: string | undefined;
  readonly stdio?: readonly ('ignore' | 'pipe')[];
}

/** Copies the launcher; without koffi nothing but a child process is left to it. */
export function createOldLauncher({ koffi }: { koffi: boolean }): OldLauncher {
  const folder = mkdtempSync(join(tmpdir(), 'rvm-launcher-'));
  cpSync(join(root, 'bin'), join(folder, 'bin'), { recursive: true });
  for (const name of ['src', 'package.json', ...(koffi ? ['node_modules'] : [])])
    symlinkSync(join(root, name), join(folder, name));
  const nodeFolder = join(folder, '.toolchain', 'node_modules', 'node', 'bin');
  mkdirSync(nodeFolder, { recursive: true });
  symlinkSync(process.execPath, join(nodeFolder, 'node'));
  return {
    folder,
    start: (script, args, { stdio = ['ignore', 'pipe', 'pipe'], node } = {}) =>
      spawn(
        node ?? process.execPath,
        [...(node ? [] : ['--import', asOldNode]), join(folder, script), ...args],
        {
          stdio: [...stdio] as ('ignore' | 'pipe')[],
        },
      ),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
