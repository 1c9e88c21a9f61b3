// Reads an APR2 file and the journal beside it. Changes nothing on disk; sample-store.ts does.
import { readFile } from 'node:fs/promises';
import { systemCodeOf } from '../../core/index.ts';
import type { TrainingSample } from '../../core/index.ts';
import { toStoreError } from '../errors.ts';
import { decodeApr } from './apr-file.ts';
import { decodeJournal } from './apr-journal.ts';
import type { DecodedJournal } from './apr-journal.ts';
import { sampleJson } from './sample-json.ts';

/** The journal of an APR2 file. */
export const journalPath = (path: string): string => `${path}.journal`;

/** An APR2 file as it is on disk. */
export interface AprOnDisk {
  readonly samples: readonly TrainingSample[];
  /** Its checksum, 0 when there is no file. */
  readonly crc: number;
  readonly sizeBytes: number;
}

/** How a journal and the file beside it fit together. */
export type JournalFit = 'continues' | 'folded' | 'foreign';

/**
 * Reads the file, or nothing where there is none.
 * @throws RuvectorError `ERR_STORE_APR_*`, `ERR_STORE_IO`
 */
export async function readApr(path: string): Promise<AprOnDisk> {
  const bytes = await readOrNull(path);
  if (bytes === null) return { samples: [], crc: 0, sizeBytes: 0 };
  return { ...decodeApr(bytes), sizeBytes: bytes.length };
}

/** Reads the journal, or null where there is none. */
export async function readJournal(path: string): Promise<(DecodedJournal & { sizeBytes: number }) | null> {
  const bytes = await readOrNull(journalPath(path));
  return bytes === null ? null : { ...decodeJournal(bytes), sizeBytes: bytes.length };
}

/**
 * `continues`: its samples follow the file's. `folded`: the file holds them already, because the process
 * ended between replacing the file and starting a new journal. `foreign`: the file is another one.
 */
export function fitJournal(
  { samples, crc }: Pick<AprOnDisk, 'samples' | 'crc'>,
  { head, samples: journalled }: DecodedJournal,
): JournalFit {
  if (head?.baseCount === samples.length && head.baseCrc === crc) return 'continues';
  const shared = Math.min(samples.length, journalled.length);
  if (shared === 0) return journalled.length === 0 ? 'folded' : 'foreign';
  const tail = samples.slice(samples.length - shared);
  const isFolded = journalled
    .slice(journalled.length - shared)
    .every((sample, at) => sampleJson(sample) === sampleJson(tail[at]!));
  return isFolded ? 'folded' : 'foreign';
}

/** Everything an APR2 file and its journal hold. */
export interface SamplesOnDisk {
  readonly samples: readonly TrainingSample[];
  readonly samplesSinceTrained: number;
}

/** Attempts to see file and journal of the same moment while a writer replaces them. */
const READ_ATTEMPTS = 5;

/**
 * Every sample on disk, also those still in the journal, without a lock: a writer may go on.
 * @throws RuvectorError `ERR_STORE_APR_*`, `ERR_STORE_IO`
 */
export async function readSamples(path: string): Promise<SamplesOnDisk> {
  for (let attempt = 1; ; attempt++) {
    const apr = await readApr(path);
    const journal = await readJournal(path);
    const fit = journal === null ? 'folded' : fitJournal(apr, journal);
    if (fit === 'foreign' && attempt < READ_ATTEMPTS) continue;
    const samples = fit === 'folded' ? apr.samples : [...apr.samples, ...journal!.samples];
    return { samples, samplesSinceTrained: journal?.head ? journal.sinceTrained : samples.length };
  }
}

async function readOrNull(path: string): Promise<Buffer | null> {
  try {
    return await readFile(path);
  } catch (cause) {
    if (systemCodeOf(cause) === 'ENOENT') return null;
    throw toStoreError('read', path, cause);
  }
}
