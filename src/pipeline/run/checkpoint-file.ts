// The file that says how far a run is: replaced in one step and synced, so that after a crash it names the last moment
// at which everything read so far was durable in the sinks.
import { readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemCodeOf } from '../../core/index.ts';
import { syncFolder, writeDurably } from '../../files/index.ts';
import type { CheckpointState } from '../contract.ts';
import { checkpointError } from './errors.ts';
import type { StageCounts } from './stage-meter.ts';

const VERSION = 1;

/** What a checkpoint holds. */
export interface Checkpoint {
  readonly version: typeof VERSION;
  /** The caller's word for what is run. */
  readonly identity: string;
  /** Rows of the source that are done with: written, skipped or dead. */
  readonly rows: number;
  /** In the order source, transforms, sink. */
  readonly counts: readonly StageCounts[];
  /** State of the transforms that have some, by name. */
  readonly transforms: Readonly<Record<string, CheckpointState>>;
  /** State of the sink and of the dead-letter sinks; null for those without. */
  readonly sinks: readonly CheckpointState[];
}

/** Writes a checkpoint over the one before. */
export async function writeCheckpoint(path: string, checkpoint: Omit<Checkpoint, 'version'>): Promise<void> {
  await writeDurably(path, JSON.stringify({ version: VERSION, ...checkpoint }));
}

/**
 * Reads the checkpoint of a run with so many stages and sinks; null where there is none.
 * @throws RuvectorError `ERR_PIPELINE_CHECKPOINT` when it is damaged or another run's
 */
export async function readCheckpoint(
  path: string,
  expected: { readonly identity: string; readonly stages: number; readonly sinks: number },
): Promise<Checkpoint | null> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (systemCodeOf(error) === 'ENOENT') return null;
    throw checkpointError(path, 'it cannot be read', error);
  });
  if (text === null) return null;
  const found = parseCheckpoint(path, text);
  if (found.identity !== expected.identity) {
    throw checkpointError(path, `it belongs to "${found.identity}", not to "${expected.identity}"`);
  }
  if (found.counts.length !== expected.stages || found.sinks.length !== expected.sinks) {
    throw checkpointError(path, 'it was made with other stages');
  }
  return found;
}

/** Nothing is to be resumed any more. */
export async function removeCheckpoint(path: string): Promise<void> {
  await rm(path, { force: true });
  await syncFolder(dirname(path));
}

function parseCheckpoint(path: string, text: string): Checkpoint {
  let value: Partial<Checkpoint> | null;
  try {
    value = JSON.parse(text) as Partial<Checkpoint> | null;
  } catch (error) {
    throw checkpointError(path, 'it is damaged', error);
  }
  if (value?.version !== VERSION) throw checkpointError(path, 'it is of another version, or no checkpoint');
  const isWhole =
    typeof value.identity === 'string' &&
    isCount(value.rows) &&
    Array.isArray(value.counts) &&
    value.counts.every(isCounts) &&
    Array.isArray(value.sinks) &&
    typeof value.transforms === 'object' &&
    value.transforms !== null;
  if (!isWhole) throw checkpointError(path, 'it is damaged');
  return value as Checkpoint;
}

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;

function isCounts(value: unknown): boolean {
  const counts = (value ?? {}) as Record<keyof StageCounts, unknown>;
  return [counts.batches, counts.rows, counts.skippedRows, counts.deadRows].every(isCount);
}
