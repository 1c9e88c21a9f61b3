// How a finished file takes its place. Only a regular file is ever replaced: what stands under the name is taken
// out by an exchange and looked at, so that no swap between a look and a rename destroys anything. The new file
// gets mode and owner of the one it replaces. Where a name cannot be replaced (a file that is a mount of its own, a
// folder that cannot be written), the bytes go into the file that is there.
import type { Stats } from 'node:fs';
import { constants, createReadStream } from 'node:fs';
import { copyFile, link, lstat, open, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { systemCodeOf } from '../core/plain/index.ts';
import type { ByteSink } from './byte-sink.ts';
import type { Destination } from './destination.ts';
import { overwriteSynced, renameDurably, syncFile, syncFolder } from './durable-file.ts';
import { isRefusal, targetError } from './errors.ts';
import { exchangePaths } from './exchange-paths.ts';
import { temporaryBeside } from './name-beside.ts';

/** Mode bits: permissions, and set-user-id, set-group-id, sticky. */
const MODE_BITS = 0o7777;
const PERMISSION_BITS = 0o777;

/**
 * Puts a file in its place and removes its temporary name.
 * @param temporary synced to disk; on any file system
 * @param destination a file, or nothing yet
 * @returns what a user should know about it, one sentence each
 * @throws RuvectorError `ERR_FILES_TARGET` when another thing took the name meanwhile; system errors
 */
export async function placeFile(temporary: string, destination: Destination): Promise<string[]> {
  const { stats, asked } = destination;
  if (stats) await keepOwnership(temporary, stats);
  try {
    await using folder = await openFolder(destination);
    await takePlace(temporary, folder.pathOf(basename(destination.path)), destination);
  } catch (error) {
    if (destination.kind !== 'file' || !isRefusal(error)) throw error;
    await writeInPlace(temporary, destination);
    await rm(temporary, { force: true });
    return [`"${asked}" could not be replaced (${systemCodeOf(error)}): it was written in place`];
  }
  if (!stats || stats.nlink < 2) return [];
  const others = stats.nlink - 1;
  return [
    `"${asked}" was replaced; ${others} other name${others > 1 ? 's' : ''} of it (hard links) keep${others > 1 ? '' : 's'} the old contents`,
  ];
}

/** The new file is to be what the old one was; an owner that only root may give is left, and with it its privileges. */
async function keepOwnership(temporary: string, stats: Stats): Promise<void> {
  await using file = await open(temporary, constants.O_RDONLY | constants.O_NOFOLLOW);
  const own = await file.stat();
  let isOwnerKept = own.uid === stats.uid && own.gid === stats.gid;
  if (!isOwnerKept) {
    isOwnerKept = await file.chown(stats.uid, stats.gid).then(
      () => true,
      () => false,
    );
    // The group alone may be given by a member of it.
    if (!isOwnerKept) await file.chown(own.uid, stats.gid).catch(() => undefined);
  }
  // After chown, which clears these bits.
  await file.chmod(stats.mode & (isOwnerKept ? MODE_BITS : PERMISSION_BITS));
}

interface OpenFolder extends AsyncDisposable {
  /** A path that stays in this folder, whatever becomes of its name. */
  pathOf(name: string): string;
}

/** Holds the folder open: one that was swapped for another since it was located is not written into. */
async function openFolder({ path, asked, parent }: Destination): Promise<OpenFolder> {
  const folder = dirname(path);
  const byName = { pathOf: (name: string) => join(folder, name), [Symbol.asyncDispose]: async () => {} };
  if (process.platform === 'win32') return byName;
  const handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW).catch(
    (error: unknown) => {
      // A folder that may be written into but not listed.
      if (systemCodeOf(error) === 'EACCES') return null;
      throw error;
    },
  );
  if (!handle) return byName;
  try {
    const found = await handle.stat();
    if (parent && (found.dev !== parent.dev || found.ino !== parent.ino)) {
      throw targetError(asked, 'its folder was replaced meanwhile', 'export again');
    }
    return {
      pathOf: await pathThrough(handle, folder),
      [Symbol.asyncDispose]: async () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function pathThrough(handle: FileHandle, folder: string): Promise<(name: string) => string> {
  const through = `/proc/self/fd/${handle.fd}`;
  const isThere = process.platform === 'linux' && (await lstat(through).catch(() => null)) !== null;
  return (name) => join(isThere ? through : folder, name);
}

async function takePlace(temporary: string, target: string, destination: Destination): Promise<void> {
  try {
    await (destination.kind === 'new'
      ? takeFreeName(temporary, target, destination)
      : replace(temporary, target, destination));
  } catch (error) {
    if (systemCodeOf(error) !== 'EXDEV') throw error;
    await takePlaceFromAfar(temporary, target, destination);
  }
}

/** Copies a file that was made on another file system, then puts the copy in its place. */
async function takePlaceFromAfar(temporary: string, target: string, destination: Destination): Promise<void> {
  const beside = join(dirname(target), basename(temporaryBeside(destination.path)));
  try {
    await copyFile(temporary, beside, constants.COPYFILE_EXCL);
    await syncFile(beside);
    if (destination.stats) await keepOwnership(beside, destination.stats);
    await takePlace(beside, target, destination);
  } finally {
    await rm(beside, { force: true });
  }
  await rm(temporary, { force: true });
}

/** link(2) fails where a name is taken: nothing that came there meanwhile is lost. */
async function takeFreeName(temporary: string, target: string, destination: Destination): Promise<void> {
  try {
    await link(temporary, target);
  } catch (error) {
    const code = systemCodeOf(error);
    if (code === 'EXDEV' || code === 'ENOENT') throw error;
    // Taken meanwhile, or a file system without links.
    await replace(temporary, target, destination);
    return;
  }
  await rm(temporary, { force: true });
  await keepName(target);
}

/** What had the name comes out under the temporary one and is looked at before it is removed. */
async function replace(temporary: string, target: string, { asked }: Destination): Promise<void> {
  if (await exchangePaths(temporary, target)) {
    if ((await lstat(temporary)).isFile()) {
      await rm(temporary, { force: true });
      await keepName(target);
      return;
    }
    await exchangePaths(temporary, target);
    throw replacedError(asked);
  }
  const found = await lstat(target).catch(() => null);
  if (found && !found.isFile()) throw replacedError(asked);
  await renameDurably(temporary, target, 'keep');
}

/** Everybody reads the new file already, so a folder that cannot be synced is no failure. */
async function keepName(target: string): Promise<void> {
  await syncFolder(dirname(target)).catch(() => undefined);
}

const replacedError = (asked: string): Error =>
  targetError(
    asked,
    'something that is no file took its name meanwhile',
    'look what it is, then export again',
  );

/** Not in one step: a kill in the middle leaves a part. Only the file that was located is written to. */
async function writeInPlace(temporary: string, { path, asked, stats }: Destination): Promise<void> {
  await using file = await open(path, constants.O_WRONLY | constants.O_NOFOLLOW);
  const found = await file.stat();
  if (found.dev !== stats!.dev || found.ino !== stats!.ino) throw replacedError(asked);
  await overwriteSynced(file, createReadStream(temporary) as AsyncIterable<Buffer>);
}

/** Streams a finished file out; for formats that must seek while they are made. */
export async function copyToSink(temporary: string, sink: ByteSink): Promise<void> {
  for await (const chunk of createReadStream(temporary) as AsyncIterable<Buffer>) await sink.write(chunk);
}
