// aliases.json of one model name: which version is live, previous and candidate, and which were live once. One
// rename is the change of all of them. aliases.backup.json is a copy of the last state, for `models repair` only.
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCodeOf } from '../core/index.ts';
import { aliasesError } from './errors.ts';
import { isVersion, parseAliases } from './reference.ts';
import type { Aliases } from './reference.ts';
import { writeShared } from './staged-files.ts';

/** What aliases.json holds. */
export interface AliasState {
  readonly aliases: Aliases;
  /** Versions that were live once, the last one last: pruning takes the others first. */
  readonly served: readonly string[];
}

/** What is on disk in the place of aliases.json. */
export type AliasReading =
  | { readonly state: AliasState; readonly problem: null }
  /** `problem` completes "aliases.json …". */
  | { readonly state: null; readonly problem: string };

export const ALIASES_FILE = 'aliases.json';
export const ALIASES_BACKUP_FILE = 'aliases.backup.json';

/** Versions remembered as once live: more than are kept. */
const MAX_SERVED = 1000;

const nothing: AliasState = { aliases: { live: null, previous: null, candidate: null }, served: [] };

/**
 * Reads the pointers of a name.
 * @throws ModelRegistryError `ERR_MODEL_ALIASES` when they are damaged or gone
 */
export async function readAliasState(folder: string, name: string): Promise<AliasState> {
  const { state, problem } = await examineAliases(folder);
  if (state) return state;
  throw aliasesError(name, join(folder, ALIASES_FILE), problem);
}

/** Reads the pointers, or says what is wrong with them. A name without pointers has none yet. */
export async function examineAliases(folder: string): Promise<AliasReading> {
  const text = await readTextOrNull(join(folder, ALIASES_FILE));
  if (text === undefined) return { state: null, problem: 'is no file' };
  if (text !== null) {
    const state = parseAliasState(text);
    if (state) return { state, problem: null };
    return { state: null, problem: text.trim() === '' ? 'is empty' : 'is damaged' };
  }
  // The backup is written after the first aliases.json: with it there were pointers.
  if ((await readTextOrNull(join(folder, ALIASES_BACKUP_FILE))) === null) {
    return { state: nothing, problem: null };
  }
  return { state: null, problem: 'is missing' };
}

/** The state that was written last; null when there is no whole copy of it. */
export async function readAliasBackup(folder: string): Promise<AliasState | null> {
  const text = await readTextOrNull(join(folder, ALIASES_BACKUP_FILE));
  return typeof text === 'string' ? (parseAliasState(text) ?? null) : null;
}

/** Writes the pointers: all of them change, or none. */
export async function writeAliasState(folder: string, { aliases, served }: AliasState): Promise<void> {
  const text = `${JSON.stringify({ ...aliases, served: served.slice(-MAX_SERVED) }, null, 2)}\n`;
  await writeShared(join(folder, ALIASES_FILE), text);
  const backup = join(folder, ALIASES_BACKUP_FILE);
  // The change stands; no copy is better than one of an older state.
  await writeShared(backup, text).catch(() => rm(backup, { force: true }).catch(() => undefined));
}

/** Pointers without those to versions that are gone; a live version that is gone gives way to the previous one. */
export function withoutVersions({ aliases, served }: AliasState, gone: (version: string) => boolean): AliasState {
  const kept = (version: string | null): string | null => (version !== null && gone(version) ? null : version);
  const [live, previous] = [kept(aliases.live), kept(aliases.previous)];
  return {
    aliases:
      live === null
        ? { live: previous, previous: null, candidate: kept(aliases.candidate) }
        : { live, previous, candidate: kept(aliases.candidate) },
    served: served.filter((version) => !gone(version)),
  };
}

/** The names that point to a version. */
export function aliasesOf(aliases: Aliases | null, version: string): (keyof Aliases)[] {
  const pointers = Object.entries(aliases ?? {}) as [keyof Aliases, string | null][];
  return pointers.filter(([, at]) => at === version).map(([alias]) => alias);
}

function parseAliasState(text: string): AliasState | undefined {
  const aliases = parseAliases(text);
  if (!aliases) return undefined;
  const { served } = JSON.parse(text) as { served?: unknown };
  return { aliases, served: Array.isArray(served) ? served.filter(isVersion) : [] };
}

/** Null where nothing is, undefined where something else than a file is. */
async function readTextOrNull(path: string): Promise<string | null | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const code = systemCodeOf(error);
    if (code === 'ENOENT') return null;
    if (code === 'EISDIR' || code === 'ELOOP' || code === 'ENXIO') return undefined;
    throw error;
  }
}
