// The C programs of the optimizer's benchmarks, compiled anew into a temporary folder on a disk.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { undoAtExit } from './undo.ts';

const WORKLOADS = ['hot', 'cold', 'pressure', 'burst', 'zipf', 'moving', 'service'] as const;
const POLICIES = ['age', 'senpai'] as const;

/** A program by the name of its source. */
export type ProgramName = (typeof WORKLOADS)[number] | (typeof POLICIES)[number];

/** A folder on a real file system with the programs in it. */
export interface Programs extends Disposable {
  readonly folder: string;
  path(name: ProgramName): string;
  /** A file of so many MiB whose pages are clean. */
  createFile(name: string, mib: number): Promise<string>;
}

const root = join(import.meta.dirname, '../../..');
const TMPFS_MAGICS = new Set([0x0102_1994, 0x8584_58f6]);

/**
 * Compiles them.
 * @throws Error when there is no `cc`, a program does not compile, or no folder lies on a disk
 */
export function compilePrograms(): Programs {
  const disk = openDiskFolder();
  const folder = disk.path;
  try {
    for (const name of WORKLOADS) compile(folder, 'workloads', name);
    for (const name of POLICIES) compile(folder, 'policies', name);
  } catch (error) {
    disk[Symbol.dispose]();
    throw error;
  }
  return {
    folder,
    path: (name) => join(folder, name),
    createFile: (name, mib) => writeCleanFile(join(folder, name), mib),
    [Symbol.dispose]: () => disk[Symbol.dispose](),
  };
}

/**
 * A temporary folder on a disk, where pages of files are page cache; removed with all that is in it.
 * @throws Error when every temporary folder is memory itself
 */
export function openDiskFolder(): { readonly path: string } & Disposable {
  const path = makeDiskFolder();
  const remove = undoAtExit(() => rmSync(path, { recursive: true, force: true }));
  return { path, [Symbol.dispose]: remove };
}

function compile(folder: string, room: string, name: ProgramName): void {
  const source = join(import.meta.dirname, '..', room, `${name}.c`);
  const args = ['-O2', '-Wall', '-Wextra', '-Werror', '-o', join(folder, name), source, '-lm'];
  const { error, status, stderr } = spawnSync('cc', args, { encoding: 'utf8' });
  if (error !== undefined) {
    const text =
      'Cannot compile the workloads: there is no "cc" on this machine; install a C compiler, for example "apt-get install gcc libc6-dev"';
    throw new Error(text, { cause: error });
  }
  if (status !== 0) throw new Error(`Cannot compile "${source}": ${stderr.trim()}`);
}

function makeDiskFolder(): string {
  for (const parent of [tmpdir(), '/var/tmp', root]) {
    try {
      if (!TMPFS_MAGICS.has(statfsSync(parent).type)) return mkdtempSync(join(parent, 'memopt-bench-'));
    } catch {
      // not there or not ours: the next one
    }
  }
  throw new Error(
    'Cannot make files with clean pages: no temporary folder lies on a disk; set TMPDIR to one that does',
  );
}

async function writeCleanFile(path: string, mib: number): Promise<string> {
  await using file = await open(path, 'w');
  const block = Buffer.alloc(2 ** 20);
  for (let i = 0; i < mib; i++) {
    // Never all zero: a hole would have no pages of its own.
    block.fill((i % 251) + 1);
    await file.write(block);
  }
  await file.sync();
  return path;
}
