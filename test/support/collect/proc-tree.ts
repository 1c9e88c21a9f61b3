// A copy of a checked-in tree of /proc that a test rewrites, also while somebody reads it.
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fixtureRoots } from './proc-fixtures.ts';

/** A tree of /proc in a folder of its own. */
export interface ProcTree extends Disposable {
  /** The folder that has `proc` and `cgroup`. */
  readonly root: string;
  readonly procRoot: string;
  readonly cgroupRoot: string;
  /** Replaces a file, all at once; paths are below the root. */
  write(path: string, content: string | Uint8Array): void;
  /** Replaces a file by what `change` makes of it, one character a byte. */
  edit(path: string, change: (text: string) => string): void;
  remove(path: string): void;
  /** Puts a link in the place of a file. */
  link(path: string, target: string): void;
}

/** Copies a fixture. */
export function copyProcTree(name = 'modern'): ProcTree {
  const root = mkdtempSync(join(tmpdir(), 'rvm-proc-'));
  cpSync(dirname(fixtureRoots(name).procRoot), root, { recursive: true });
  const write = (path: string, content: string | Uint8Array): void => {
    const target = join(root, path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(`${target}.new`, content);
    renameSync(`${target}.new`, target);
  };
  const remove = (path: string): void => rmSync(join(root, path), { recursive: true, force: true });
  return {
    root,
    procRoot: join(root, 'proc'),
    cgroupRoot: join(root, 'cgroup'),
    write,
    remove,
    edit: (path, change) =>
      write(path, Buffer.from(change(readFileSync(join(root, path), 'latin1')), 'latin1')),
    link(path, target) {
      remove(path);
      symlinkSync(target, join(root, path));
    },
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  };
}
