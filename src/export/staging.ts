// The folder beside the target in which an export is made: files under their final names, and what a
// later run needs to go on. Mode 0700: it holds the anonymiser's key. Removed when the export ends.
import { mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { busyError } from './errors.ts';
import type { WriterStart } from './table-writer.ts';

/** How far a table is. */
export interface TableProgress extends WriterStart {
  readonly isDone: boolean;
}

/** What lies in the folder beside the files. */
export interface StagingState {
  readonly fingerprint: string;
  readonly secretState?: string | undefined;
  readonly tables: Readonly<Record<string, TableProgress>>;
}

const stateName = 'state.json';
/** Holds the pid of the process that writes. */
const ownerName = 'owner';

/** The folder of an export to this path. */
export function stagingFolder(path: string): string {
  const trimmed = path.replace(/\/+$/, '');
  return join(dirname(trimmed), `.${basename(trimmed)}.export`);
}

/** Reads what an interrupted run left; null when there is none, or it was another export. */
export async function readStaging(folder: string, fingerprint: string): Promise<StagingState | null> {
  try {
    const state = JSON.parse(await readFile(join(folder, stateName), 'utf8')) as StagingState;
    return state.fingerprint === fingerprint ? state : null;
  } catch {
    return null; // none, or cut short while it was made: either way there is nothing to go on with
  }
}

/**
 * Claims the folder for this process.
 * @throws RuvectorError `ERR_EXPORT_BUSY` while another process that is alive writes to this target
 */
export async function claimStaging(folder: string, target: string): Promise<void> {
  const owner = Number(await readFile(join(folder, ownerName), 'utf8').catch(() => Number.NaN));
  if (owner !== process.pid && isAlive(owner)) throw busyError(target, owner, folder);
}

function isAlive(pid: number): boolean {
  try {
    return Number.isInteger(pid) && process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Makes the folder anew. */
export async function createStaging(folder: string, state: StagingState): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await ownStaging(folder);
  await saveStaging(folder, state);
}

/** Notes that this process writes here now. */
export async function ownStaging(folder: string): Promise<void> {
  await writeFile(join(folder, ownerName), String(process.pid), { mode: 0o600 });
}

/** Replaces the state; seen whole or not at all. */
export async function saveStaging(folder: string, state: StagingState): Promise<void> {
  const temporary = join(folder, `${stateName}.tmp`);
  await using file = await open(temporary, 'w', 0o600);
  await file.writeFile(JSON.stringify(state));
  await file.sync();
  await rename(temporary, join(folder, stateName));
}
