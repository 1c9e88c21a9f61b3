// A tree on disk: built beside its target and put in its place in one step. A kill at any moment leaves
// the old tree or the new one, and at most a staging folder that the next publication removes.
import { randomBytes } from 'node:crypto';
import { lstat, mkdir, readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { adviseOn, isAlive, isRuvectorError, systemCodeOf } from '../../core/index.ts';
import {
  exchangePaths,
  locateDestination,
  makeFolder,
  nameBeside,
  renameDurably,
  syncFolder,
} from '../../files/index.ts';
import { checksumsName } from './checksums.ts';
import { publishTargetError } from './errors.ts';
import { isOfGit, moveGitFiles } from './git-files.ts';

/** A folder beside the target that takes its place with `commit`; closing without it removes it. */
export interface StagedFolder extends AsyncDisposable {
  readonly path: string;
  /** What it will replace, at the end of the links. */
  readonly target: string;
  commit(): Promise<void>;
}

/**
 * Makes the staging folder.
 * @throws RuvectorError `ERR_EXPORT_PUBLISH_TARGET` when the place cannot be written or holds other files
 */
export async function stageFolder(named: string): Promise<StagedFolder> {
  const target = await locateFolder(named);
  const parent = dirname(target);
  const prefix = basename(nameBeside(target, '.publish-'.padEnd(SUFFIX_BYTES))).trimEnd();
  try {
    await makeFolder(parent);
    await recover(target, prefix);
    await assertReplaceable(target);
    const path = join(parent, `${prefix}${process.pid}-${randomBytes(4).toString('hex')}`);
    await mkdir(path);
    return {
      path,
      target,
      commit: async () => replaceFolder(path, target, join(parent, `${prefix}old`)),
      [Symbol.asyncDispose]: async () => rm(path, { recursive: true, force: true }),
    };
  } catch (error) {
    throw toPublishTargetError(named, error);
  }
}

/** Room for `.publish-`, a process id and random letters behind the name. */
const SUFFIX_BYTES = 32;

/** The folder at the end of the links: it is replaced, the link stays. */
async function locateFolder(named: string): Promise<string> {
  const { path, kind } = await locateDestination(named, { hasDescriptors: false }).catch((error: unknown) => {
    if (!isRuvectorError(error)) throw error;
    throw publishTargetError(
      named,
      `${String(error.details['state'])}; name a new or an empty folder`,
      error,
    );
  });
  if (kind === 'folder' || kind === 'new') return path;
  throw publishTargetError(
    named,
    `it is a ${kind}, and a dataset is a folder; name a new or an empty folder`,
  );
}

/** An error of the file system as one of the target. */
export function toPublishTargetError(target: string, error: unknown): unknown {
  const code = systemCodeOf(error);
  if (isRuvectorError(error) || code === undefined) return error;
  const { state, nextStep } = adviseOn(error);
  return publishTargetError(
    target,
    `${state}; ${nextStep}; what was published there before is untouched`,
    error,
  );
}

/** True when the folder is there and has anything in it. */
async function isFilled(path: string): Promise<boolean> {
  try {
    return (await readdir(path)).length > 0;
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return false;
    throw error;
  }
}

/** Only a dataset or an empty folder is replaced; a clone may be around it. */
async function assertReplaceable(target: string): Promise<void> {
  if (!(await isFilled(target))) return;
  const names = (await readdir(target)).filter((name) => !isOfGit(name));
  if (names.length === 0) return;
  if (names.includes(checksumsName) && names.includes('provenance.json')) return;
  throw publishTargetError(
    target,
    `it is a folder with other files and no published dataset (${names.slice(0, 3).join(', ')}); name a new or an empty folder`,
  );
}

/**
 * What a killed run left: staging folders of processes that are gone, and, where paths cannot be exchanged, the
 * old version under its other name.
 */
async function recover(target: string, prefix: string): Promise<void> {
  const parent = dirname(target);
  const left = (await readdir(parent)).filter((name) => name.startsWith(prefix));
  for (const name of left) {
    const path = join(parent, name);
    if (name === `${prefix}old`) {
      if (await isFilled(target)) await removeOld(path, target);
      else await renameDurably(path, target);
    } else if (!isAlive(Number(name.slice(prefix.length).split('-')[0]))) {
      await removeOld(path, target);
    }
  }
}

/** Removes a folder that was replaced; what git has in it goes on in the new one. */
async function removeOld(path: string, target: string): Promise<void> {
  if (await isFilled(target)) await moveGitFiles(path, target);
  await rm(path, { recursive: true, force: true });
}

/** Puts `staged` in the place of `target`; afterwards `staged` is gone. `aside` keeps the old one meanwhile. */
async function replaceFolder(staged: string, target: string, aside: string): Promise<void> {
  try {
    await syncTree(staged);
    if (!(await isFilled(target))) {
      await renameDurably(staged, target); // an empty folder is replaced by rename(2) itself
    } else if (await exchangePaths(staged, target)) {
      await assertFolder(staged, target);
      await moveGitFiles(staged, target);
      await syncFolder(dirname(target));
    } else {
      // Two steps: a kill between them leaves the old version under its other name, and recover() puts it back.
      await renameDurably(target, aside);
      await renameDurably(staged, target);
      await removeOld(aside, target);
    }
  } catch (error) {
    throw toPublishTargetError(target, error);
  }
}

/** What came out of the exchange is removed: only a folder may be. */
async function assertFolder(staged: string, target: string): Promise<void> {
  if ((await lstat(staged)).isDirectory()) return;
  await exchangePaths(staged, target);
  throw publishTargetError(
    target,
    'something else took its name meanwhile; look what it is, then publish again',
  );
}

async function syncTree(path: string): Promise<void> {
  for (const entry of await readdir(path, { withFileTypes: true })) {
    if (entry.isDirectory()) await syncTree(join(path, entry.name));
  }
  await syncFolder(path);
}
