// The document's calls on files: load_apr, save_apr and load_or_create, by their names.
import { dirname } from 'node:path';
import type { TrainingSample } from '../../core/index.ts';
import { makeFolder } from '../../files/index.ts';
import { writeSamples } from '../durable-file.ts';
import { toStoreError } from '../errors.ts';
import { encodeApr } from './apr-file.ts';
import { noAprFileError } from './errors.ts';
import { cachePath } from './hardware-id.ts';
import { readApr } from './read-samples.ts';
import { openSampleStore } from './sample-store.ts';
import type { SampleStore, SampleStoreOptions } from './sample-store.ts';
import { TunerDataCollector } from './tuner-data-collector.ts';
import type { CollectorSettings } from './tuner-data-collector.ts';

/**
 * Reads one APR2 file, without the journal beside it.
 * @throws RuvectorError `ERR_STORE_NOT_FOUND`, `ERR_STORE_APR_CORRUPT`, `ERR_STORE_APR_VERSION`,
 *   `ERR_STORE_APR_SAMPLE`, `ERR_STORE_IO`
 */
export async function loadApr(path: string, settings?: CollectorSettings): Promise<TunerDataCollector> {
  const { samples, sizeBytes } = await readApr(path);
  if (sizeBytes === 0) throw noAprFileError(path);
  return TunerDataCollector.fromSamples(samples, settings);
}

/**
 * Writes one APR2 file: whole under its name, or not at all. Its directory is made when missing.
 * @throws RuvectorError `ERR_STORE_APR_TOO_LARGE` before anything is written, `ERR_STORE_DISK_FULL`, `ERR_STORE_IO`
 */
export async function saveApr(
  path: string,
  collector: { samples(): Iterable<TrainingSample> },
): Promise<void> {
  const { pieces } = encodeApr(collector.samples());
  await makeFolder(dirname(path)).catch((cause: unknown) => {
    throw toStoreError('create the directory of', path, cause);
  });
  await writeSamples(path, pieces);
}

/** Opens this hardware's samples in the cache directory, or creates them. See {@link openSampleStore}. */
export function loadOrCreate(options?: SampleStoreOptions): Promise<SampleStore> {
  return openSampleStore(cachePath(), options);
}
