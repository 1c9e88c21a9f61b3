// What a path that a user names really is. Links are followed one by one to where they end, so that the file
// behind them is written and the links stay; a descriptor (/dev/stdout, /dev/fd/N) is told apart from the file
// that it happens to be. Nothing is opened or changed here: place-file.ts and byte-sink.ts do that, and look
// again at what they opened. https://man7.org/linux/man-pages/man7/path_resolution.7.html
import type { Stats } from 'node:fs';
import { fstatSync, readFileSync } from 'node:fs';
import { lstat, readlink, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { adviseOn, systemCodeOf } from '../core/plain/index.ts';
import { targetError } from './errors.ts';

/** `new` is nothing yet; `descriptor` is open in this process already. */
export type DestinationKind = 'new' | 'file' | 'folder' | 'pipe' | 'character device' | 'descriptor';

/** Where a path leads. */
export interface Destination {
  /** As the user wrote it. */
  readonly asked: string;
  /** Where its links end: absolute, its folders without links. */
  readonly path: string;
  readonly kind: DestinationKind;
  /** Of what is there; null for `new`. */
  readonly stats: Stats | null;
  /** The folder it is in, to be compared when it is written; null while there is none. */
  readonly parent: { readonly dev: number; readonly ino: number } | null;
  /** Its number, for a descriptor of this process. */
  readonly descriptor: number | null;
}

/** How a path is read. */
export interface LocateOptions {
  /**
   * False where the path comes from another process, whose descriptors are not ours: `-`, /dev/stdout and
   * the like are then refused. @default true
   */
  readonly hasDescriptors?: boolean | undefined;
}

/** As many as Linux follows. */
const MAX_LINKS = 40;

/**
 * Follows a path; `-` is standard output.
 * @throws RuvectorError `ERR_FILES_TARGET` for what is never written to (block devices, sockets, links that
 *   lead in a circle, names that are not UTF-8, descriptors of others), saying what it is and what to do
 */
export async function locateDestination(
  asked: string,
  { hasDescriptors = true }: LocateOptions = {},
): Promise<Destination> {
  assertText(asked, asked);
  if (asked === '-') return describeDescriptor(asked, '-', 1, hasDescriptors);
  let path = resolve(asked);
  for (let links = 0; links <= MAX_LINKS; links++) {
    path = join(await resolveFolder(asked, dirname(path), MAX_LINKS - links), basename(path));
    const owner = descriptorOf(path);
    if (owner?.isOwn) return describeDescriptor(asked, path, owner.number, hasDescriptors);
    const found = owner ? await stat(path) : await lstatOrNull(asked, path);
    if (!found) return describe(asked, path, 'new', null);
    if (owner && !found.isFile()) return describe(asked, path, kindOf(asked, found), found);
    if (!owner && !found.isSymbolicLink()) return describe(asked, path, kindOf(asked, found), found);
    path = await followLink(asked, path, owner ? found : null);
  }
  throw loopError(asked);
}

/** True for what bytes are streamed into: nothing can be renamed over it. */
export function isStream({ kind }: Destination): boolean {
  return kind === 'pipe' || kind === 'character device' || kind === 'descriptor';
}

/**
 * For writers whose output is a file and nothing else.
 * @throws RuvectorError `ERR_FILES_TARGET` unless the destination is a regular file or nothing yet
 */
export function requireFile(destination: Destination, what: string): Destination {
  const { asked, kind, stats } = destination;
  if (kind === 'new' || kind === 'file') return destination;
  const state = kind === 'descriptor' ? nameOf(stats!) : kind;
  throw targetError(asked, `it is a ${state}, and ${what} can only be a file`, 'name a file');
}

/** A path is bytes; what is not UTF-8 was changed before it came here, and would name another file. */
function assertText(asked: string, path: string): void {
  if (path === '') throw targetError(asked, 'the path is empty', 'name a file');
  if (path.includes('\0')) throw targetError(asked, 'a path holds no NUL', 'name another file');
  if (!path.includes('\u{fffd}')) return;
  throw targetError(asked, 'its path is not UTF-8', 'choose a path of UTF-8 names, then rename it');
}

const loopError = (asked: string): Error =>
  targetError(asked, 'its links lead in a circle', 'remove the link, or name a file');

async function lstatOrNull(asked: string, path: string): Promise<Stats | null> {
  try {
    return await lstat(path);
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return null;
    throw pathError(asked, error);
  }
}

/** The caller named a path that leads nowhere; any other code says something about the disk. */
const pathCodes = new Set(['ELOOP', 'ENOTDIR', 'EACCES', 'ENAMETOOLONG']);

function pathError(asked: string, error: unknown): Error {
  if (!pathCodes.has(systemCodeOf(error) ?? '')) return error as Error;
  const { state, nextStep } = adviseOn(error);
  return targetError(asked, state, nextStep, error);
}

/** The folder without links, also one that is not there yet. */
async function resolveFolder(asked: string, folder: string, links: number): Promise<string> {
  try {
    const real = await realpath(folder);
    assertText(asked, real);
    return real;
  } catch (error) {
    if (systemCodeOf(error) !== 'ENOENT') throw pathError(asked, error);
  }
  if (links <= 0) throw loopError(asked);
  const path = join(await resolveFolder(asked, dirname(folder), links - 1), basename(folder));
  const found = await lstatOrNull(asked, path);
  if (!found?.isSymbolicLink()) return path;
  return resolveFolder(asked, await followLink(asked, path, null), links - 1);
}

/** @param opened what a descriptor of another process is: it may have no name any more */
async function followLink(asked: string, path: string, opened: Stats | null): Promise<string> {
  const text = await readlink(path).catch((error: unknown) => {
    throw pathError(asked, error);
  });
  assertText(asked, text);
  const target = resolve(dirname(path), text);
  if (!opened) return target;
  const named = await lstatOrNull(asked, target);
  if (named?.ino === opened.ino && named.dev === opened.dev) return target;
  throw targetError(asked, 'the file of that descriptor has no name any more', 'name a file');
}

/** `/proc/<pid>/fd/<n>`, which /dev/stdout, /dev/fd/N and /proc/self/fd/N are; other systems have /dev/fd. */
function descriptorOf(path: string): { readonly number: number; readonly isOwn: boolean } | null {
  const linux = /^\/proc\/(\d+)(?:\/task\/\d+)?\/fd\/(\d+)$/.exec(path);
  if (linux) return { number: Number(linux[2]), isOwn: Number(linux[1]) === process.pid };
  const other = process.platform === 'linux' ? null : /^\/dev\/fd\/(\d+)$/.exec(path);
  return other && { number: Number(other[1]), isOwn: true };
}

function describeDescriptor(
  asked: string,
  path: string,
  descriptor: number,
  hasDescriptors: boolean,
): Destination {
  if (!hasDescriptors) {
    throw targetError(
      asked,
      'it is a descriptor, and those of the process that asks are not the ones of the process that writes',
      'name a file or a named pipe',
    );
  }
  const stats = statDescriptor(asked, descriptor);
  // Refuses what is never written to.
  kindOf(asked, stats, true);
  if (isReadOnly(descriptor)) {
    throw targetError(asked, `descriptor ${descriptor} is open for reading only`, 'name one to write to');
  }
  return { asked, path, kind: 'descriptor', stats, parent: null, descriptor };
}

function statDescriptor(asked: string, descriptor: number): Stats {
  try {
    return fstatSync(descriptor);
  } catch (error) {
    throw targetError(asked, `descriptor ${descriptor} is not open`, 'open it, or name a file', error);
  }
}

/** Opened anew through /proc, the reading end of a pipe would be its writing end. */
function isReadOnly(descriptor: number): boolean {
  try {
    const flags = /^flags:\s*([0-7]+)/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8'))?.[1];
    return flags !== undefined && (Number.parseInt(flags, 8) & 3) === 0;
  } catch {
    return false; // no /proc: a write tells
  }
}

/** @throws RuvectorError `ERR_FILES_TARGET` for what is never written to */
function kindOf(asked: string, stats: Stats, isDescriptor = false): DestinationKind {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory() && !isDescriptor) return 'folder';
  if (stats.isFIFO()) return 'pipe';
  if (stats.isCharacterDevice()) return 'character device';
  if (stats.isSocket() && isDescriptor) return 'descriptor';
  const next = stats.isSocket()
    ? 'write to a named pipe, or serve a stream with `ruvector-memopt export --stream`'
    : 'name a file';
  throw targetError(asked, `it is a ${nameOf(stats)}, which is never written to`, next);
}

function nameOf(stats: Stats): string {
  if (stats.isBlockDevice()) return 'block device';
  if (stats.isSocket()) return 'socket';
  if (stats.isDirectory()) return 'folder';
  if (stats.isFIFO()) return 'pipe';
  if (stats.isCharacterDevice()) return 'character device';
  return stats.isFile() ? 'file' : 'thing that is neither a file nor a pipe';
}

async function describe(
  asked: string,
  path: string,
  kind: DestinationKind,
  stats: Stats | null,
): Promise<Destination> {
  const folder = await stat(dirname(path)).catch(() => null);
  const parent = folder && { dev: folder.dev, ino: folder.ino };
  return { asked, path, kind, stats, parent, descriptor: null };
}
