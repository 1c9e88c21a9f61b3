// What of a job can be set, and to what.
import { tuneOptionError } from './errors.ts';

/** Settings of a job; null is what the job has by itself. */
export interface JobConfiguration {
  /** Rows of a batch. */
  readonly batchRows: number | null;
  /** Calls of its worker stages under way at once. */
  readonly workers: number | null;
  /** Compression of its file. */
  readonly codec: string | null;
}

/** Values that may be tried, the shipped default's among them. */
export interface JobKnobs {
  readonly batchRows: readonly (number | null)[];
  readonly workers: readonly (number | null)[];
  readonly codecs: readonly (string | null)[];
  /** The shipped default. */
  readonly start: JobConfiguration;
}

/** Every configuration. @throws RuvectorError `ERR_STEER_TUNE` */
export function listConfigurations(knobs: JobKnobs): JobConfiguration[] {
  const all = knobs.codecs.flatMap((codec) =>
    knobs.workers.flatMap((workers) => knobs.batchRows.map((batchRows) => ({ batchRows, workers, codec }))),
  );
  const start = keyOf(knobs.start);
  if (!all.some((each) => keyOf(each) === start)) {
    throw tuneOptionError('start', start, 'values that the knobs have');
  }
  const keys = new Set(all.map(keyOf));
  if (keys.size < all.length) throw tuneOptionError('knobs', 'the same value twice', 'each value once');
  return all;
}

/** Two configurations with the same key are the same. */
export const keyOf = ({ batchRows, workers, codec }: JobConfiguration): string =>
  JSON.stringify([batchRows, workers, codec]);

/** For people. */
export function describeConfiguration({ batchRows, workers, codec }: JobConfiguration): string {
  const parts = [
    batchRows !== null && `${batchRows} rows a batch`,
    workers !== null && `${workers} ${workers === 1 ? 'worker' : 'workers'}`,
    codec !== null && `compression ${codec}`,
  ].filter((part) => part !== false);
  return parts.length === 0 ? 'the default' : parts.join(', ');
}
