// Errors of the prepare room. Codes are listed in docs/errors.md.
import { RuvectorError } from '../core/index.ts';

/** A feature specification or option that cannot be used as given. */
export class PrepareOptionsError extends RuvectorError {}

/** A history that does not hold enough labelled rows, or not enough different ones, to train on. */
export class TrainingHistoryError extends RuvectorError {}

/** A release that cannot be made private as asked, or an anonymizer that can no longer work. */
export class PrivacyError extends RuvectorError {}

type Details = Readonly<Record<string, unknown>>;

/** Options that cannot be used, code `ERR_PREPARE_OPTIONS`. All mistakes in one report. */
export function prepareOptionsError(what: string, problems: readonly string[]): PrepareOptionsError {
  return new PrepareOptionsError(
    'ERR_PREPARE_OPTIONS',
    `Cannot build ${what}: ${problems.join('; ')}; correct ${problems.length > 1 ? 'these options' : 'this option'}`,
    { details: { problems } },
  );
}

/** Too few labelled rows to train or to test on, code `ERR_PREPARE_TOO_FEW_ROWS`. */
export function tooFewRowsError(state: string, next: string, details: Details): TrainingHistoryError {
  return new TrainingHistoryError(
    'ERR_PREPARE_TOO_FEW_ROWS',
    `Cannot build a training set: ${state}; ${next}`,
    {
      details,
    },
  );
}

/** All rows to train on have one label, code `ERR_PREPARE_ONE_CLASS`. */
export function oneClassError(state: string, next: string, details: Details): TrainingHistoryError {
  return new TrainingHistoryError('ERR_PREPARE_ONE_CLASS', `Cannot build a training set: ${state}; ${next}`, {
    details,
  });
}

/** A release that would leave out more rows than may be, code `ERR_PREPARE_PRIVACY_K`. */
export function tooFewAlikeError(
  {
    table,
    k,
    rows,
    suppressed,
    ...groups
  }: Details & { table: string; k: number; rows: number; suppressed: number },
  maxSuppressedShare: number,
  timePrecisionMs: number,
): PrivacyError {
  return new PrivacyError(
    'ERR_PREPARE_PRIVACY_K',
    `Cannot release table "${table}" with k = ${k}: ${suppressed} of ${rows} rows would have to be left out, more than the ${maxSuppressedShare * 100} % that may be; take a larger range, a time precision coarser than ${timePrecisionMs} ms or a smaller k, or leave the table out`,
    { details: { table, k, rows, suppressed, ...groups } },
  );
}

/** Something is to be hashed after the key was wiped, code `ERR_PREPARE_KEY_DESTROYED`. */
export function keyDestroyedError(): PrivacyError {
  return new PrivacyError(
    'ERR_PREPARE_KEY_DESTROYED',
    'Cannot hash a name: the key of this release is destroyed; create another anonymizer (its hashes will differ)',
  );
}

/** Rows that were not there when the release was planned, code `ERR_PREPARE_PRIVACY_STALE`. */
export function stalePlanError(table: string, cause: unknown): PrivacyError {
  return new PrivacyError(
    'ERR_PREPARE_PRIVACY_STALE',
    `Cannot anonymise table "${table}": it holds rows that were not there when the release was planned; plan it again`,
    { details: { table }, cause },
  );
}

/** A training set is read once more, and its history does not hold the same rows any more, code `ERR_PREPARE_HISTORY_CHANGED`. */
export function historyChangedError(rows: number): TrainingHistoryError {
  return new TrainingHistoryError(
    'ERR_PREPARE_HISTORY_CHANGED',
    `Cannot read a training set of ${rows} rows: the history does not hold the same rows any more (retention, or a damaged file); build the set again`,
    { details: { rows } },
  );
}

/** Batches that are no memory snapshots, code `ERR_PREPARE_COLUMNS`. */
export function snapshotColumnsError(stage: string, columns: readonly string[]): PrepareOptionsError {
  const list = columns.map((name) => `"${name}"`).join(', ');
  return new PrepareOptionsError(
    'ERR_PREPARE_COLUMNS',
    `Cannot compute stage "${stage}": ${list} of a memory snapshot ${columns.length > 1 ? 'do' : 'does'} not reach it; read the table "memory" of a history, and keep its columns before this stage`,
    { details: { columns } },
  );
}
