// What steering learned, in one file that a crash leaves whole. One process writes it: others start from it and keep what
// they learn to themselves. Clients of one process share it.
import { readFile, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { makeFolder, tryLock, writeDurably } from '../../files/index.ts';
import { isRuvectorError, systemCodeOf } from '../../core/index.ts';
import { stateFileError, stateLockedError } from './errors.ts';
import type { TemplateEntry } from './template-entry.ts';

/** The file as plain data. */
export interface SteeringDocument {
  readonly format: 'ruvector-steer';
  readonly version: 1;
  readonly engine: string;
  readonly savedAt: string;
  readonly policy: unknown;
  readonly templates: readonly TemplateEntry[];
  /** Statements that were passed through, by reason. */
  readonly passed: Readonly<Record<string, number>>;
}

/** An open state file. */
export interface StateFile {
  readonly path: string;
  /** False while another process writes it. */
  readonly isOurs: boolean;
  /** As it was when opened. */
  readonly document: SteeringDocument | null;
  /** Writes, one after the other; does nothing when it is not ours. */
  save(document: SteeringDocument): Promise<void>;
  release(): void;
}

/** Opens a state file; it may not be there yet. @throws RuvectorError `ERR_STEER_STATE` for one that is damaged */
export async function openStateFile(path: string): Promise<StateFile> {
  const file = resolve(path);
  await makeFolder(dirname(file));
  const lock = tryLock(lockOf(file));
  try {
    const document = await readStateFile(file);
    let last: Promise<void> = Promise.resolve();
    return {
      path: file,
      isOurs: lock !== null,
      document,
      save: (next) => {
        if (!lock) return Promise.resolve();
        const write = (): Promise<void> => writeDurably(file, `${JSON.stringify(next)}\n`);
        last = last.then(write, write);
        return last;
      },
      release: () => lock?.release(),
    };
  } catch (error) {
    lock?.release();
    throw error;
  }
}

const lockOf = (file: string): string => `${file}.lock`;

/** @returns null when there is none. @throws RuvectorError `ERR_STEER_STATE` */
export async function readStateFile(path: string): Promise<SteeringDocument | null> {
  try {
    return checkDocument(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return null;
    throw isRuvectorError(error) ? error : stateFileError(path, error);
  }
}

function checkDocument(value: unknown): SteeringDocument {
  const document = value as Partial<SteeringDocument> | null;
  if (document?.format !== 'ruvector-steer') throw new Error('it is no steering state');
  if (document.version !== 1) throw new Error(`its version is ${String(document.version)}, not 1`);
  if (!Array.isArray(document.templates) || !document.templates.every(isEntry))
    throw new Error('its templates are damaged');
  if (typeof document.passed !== 'object') throw new Error('its counts are damaged');
  return document as SteeringDocument;
}

function isEntry(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const entry = value as Partial<TemplateEntry>;
  const lists = [entry.arms, entry.tables, entry.lookedAt, entry.features];
  const isKnown = typeof entry.id === 'string' && typeof entry.text === 'string';
  return (
    isKnown &&
    lists.every(Array.isArray) &&
    typeof entry.counts === 'object' &&
    typeof entry.cells === 'object'
  );
}

/** Removes a state file. @returns false when there was none. @throws RuvectorError `ERR_STEER_LOCKED` while a process steers with it */
export async function removeStateFile(path: string): Promise<boolean> {
  const file = resolve(path);
  await makeFolder(dirname(file));
  const lock = tryLock(lockOf(file));
  if (!lock) throw stateLockedError(file);
  try {
    await rm(file);
    return true;
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return false;
    throw error;
  } finally {
    lock.release();
  }
}
