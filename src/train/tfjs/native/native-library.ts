// Where the native library of tf.js lies: in a cache of the user, since each `npm ci` empties node_modules, and linked
// from where the package looks for it. Who builds it: build-native-library.ts.
import { existsSync, lstatSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, isAbsolute, join } from 'node:path';
import { findUserHome, messageOf } from '../../../core/index.ts';
import { makeFolderSync } from '../../../files/index.ts';

/** The release of TensorFlow inside it; in 2.21 rounding is broken, before 2.12 there is no C library in a wheel. */
export const TENSORFLOW_VERSION = '2.15.1';

const PACKAGE = '@tensorflow/tfjs-node';
const require = createRequire(import.meta.url);

/** What is known of the library. */
export interface NativeLibrary {
  /** What tfjs-node loads: `lib/napi-v8/tfjs_binding.node` of the package; null where the package is not installed. */
  readonly link: string | null;
  /** Where the set-up puts what it built. */
  readonly folder: string;
  /** Null when it can be loaded, else what is missing and how it comes. */
  readonly problem: string | null;
}

const SETUP = 'run `ruvector-memopt setup tfjs-node`';

/** Looks for the library; loads nothing. */
export function findNativeLibrary(env: NodeJS.ProcessEnv = process.env): NativeLibrary {
  const root = findPackage();
  const folder = nativeFolder(env);
  const link = root && join(root, 'lib', 'napi-v8', 'tfjs_binding.node');
  return { link, folder, problem: problemOf(link, folder) };
}

/** Folder of the tfjs-node package; null where it is not installed. */
export function findPackage(): string | null {
  try {
    return dirname(require.resolve(`${PACKAGE}/package.json`));
  } catch {
    return null;
  }
}

/** The built library by its versions: those of tfjs-node and of TensorFlow. */
function nativeFolder(env: NodeJS.ProcessEnv): string {
  const { XDG_CACHE_HOME: given = '' } = env;
  const cache = isAbsolute(given) ? given : join(findUserHome(), '.cache');
  const root = findPackage();
  const { version } = root
    ? (require(join(root, 'package.json')) as { version: string })
    : { version: 'none' };
  return join(
    cache,
    'ruvector-memopt',
    'tfjs-node',
    `${version}-tensorflow-${TENSORFLOW_VERSION}-${process.arch}`,
  );
}

function problemOf(link: string | null, folder: string): string | null {
  if (link === null)
    return `${PACKAGE} is not installed (npm install ${PACKAGE}@4.22.0 --ignore-scripts), then ${SETUP}`;
  return existsSync(link) || existsSync(bindingOf(folder)) ? null : `its library was not built; ${SETUP}`;
}

/** The file that is loaded. */
export const bindingOf = (folder: string): string => join(folder, 'tfjs_binding.node');

/** Links what was built to where the package looks for it; a library that the package brought itself is left alone. */
export function linkNativeLibrary(env: NodeJS.ProcessEnv = process.env): void {
  const { link, folder, problem } = findNativeLibrary(env);
  if (problem !== null) throw new Error(problem);
  const target = bindingOf(folder);
  if (isSame(link!, target) || existsSync(link!)) return;
  try {
    makeFolderSync(dirname(link!));
    // One that leads nowhere is still in the way.
    rmSync(link!, { force: true });
    symlinkSync(target, link!);
  } catch (cause) {
    // Another thread may have been faster.
    if (!isSame(link!, target)) {
      throw new Error(`"${target}" cannot be linked to "${link!}" (${messageOf(cause)})`, { cause });
    }
  }
}

/** Removes the link that leads to what was built here. @returns whether there was one */
export function unlinkNativeLibrary(env: NodeJS.ProcessEnv = process.env): boolean {
  const { link, folder } = findNativeLibrary(env);
  if (link === null || !isSame(link, bindingOf(folder))) return false;
  rmSync(link);
  return true;
}

function isSame(link: string, target: string): boolean {
  return (
    lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink() === true && readlinkSync(link) === target
  );
}
