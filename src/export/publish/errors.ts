// Errors of publication. Codes are listed in docs/errors.md.
import { RuvectorError, adviseOn, messageOf } from '../../core/index.ts';

/** Options that cannot be used, code `ERR_EXPORT_PUBLISH_OPTIONS`. All mistakes in one report. */
export function publishOptionsError(problems: readonly string[]): RuvectorError {
  const noun = problems.length > 1 ? 'these options' : 'this option';
  return new RuvectorError(
    'ERR_EXPORT_PUBLISH_OPTIONS',
    `Cannot publish a dataset: ${problems.join('; ')}; correct ${noun}`,
    { details: { problems } },
  );
}

/** What was named is no dataset, code `ERR_EXPORT_NOT_A_DATASET`. */
export function notADatasetError(path: string, state: string, cause?: unknown): RuvectorError {
  return new RuvectorError(
    'ERR_EXPORT_NOT_A_DATASET',
    `Cannot read dataset "${path}": ${state}; name a folder written by \`ruvector-memopt export --training\`, a published dataset, or "history"`,
    { cause, details: { path } },
  );
}

/** The data is not fit to leave the host, code `ERR_EXPORT_NOT_ANONYMOUS`. */
export function notAnonymousError(what: string, state: string): RuvectorError {
  return new RuvectorError(
    'ERR_EXPORT_NOT_ANONYMOUS',
    `Cannot publish "${what}": ${state}; anonymise it, or pass --no-anonymize --i-understand to publish what it exposes`,
    { details: { what } },
  );
}

/** The target cannot be replaced, code `ERR_EXPORT_PUBLISH_TARGET`. */
export function publishTargetError(target: string, state: string, cause?: unknown): RuvectorError {
  return new RuvectorError('ERR_EXPORT_PUBLISH_TARGET', `Cannot publish to "${target}": ${state}`, {
    cause,
    details: { target },
  });
}

/** What should be checked cannot be read, code `ERR_EXPORT_PUBLISH_TARGET`. */
export function unreadTargetError(target: string, state: string, cause?: unknown): RuvectorError {
  return new RuvectorError('ERR_EXPORT_PUBLISH_TARGET', `Cannot verify "${target}": ${state}`, {
    cause,
    details: { target },
  });
}

/** A key that cannot be used, code `ERR_EXPORT_SIGNING_KEY`. */
export function signingKeyError(
  key: string,
  state: string,
  cause?: unknown,
  next = 'make one with `ruvector-memopt publish keygen`',
): RuvectorError {
  return new RuvectorError('ERR_EXPORT_SIGNING_KEY', `Cannot use key "${key}": ${state}; ${next}`, {
    cause,
    details: { key },
  });
}

/** A key that cannot be put there, code `ERR_EXPORT_SIGNING_KEY`: another one is not written over. */
export function unwrittenKeyError(key: string, cause: unknown): RuvectorError {
  return signingKeyError(key, adviseOn(cause).state, cause, 'name another path for the new one');
}

/** A file of a release key that cannot be used, code `ERR_EXPORT_KEY_FILE`. */
export function keyFileError(path: string, state: string, cause?: unknown): RuvectorError {
  return new RuvectorError(
    'ERR_EXPORT_KEY_FILE',
    `Cannot use key file "${path}": ${state}; name another file, or none to use a key that is wiped with the release`,
    { cause, details: { path } },
  );
}

/** The optional package is not installed, code `ERR_EXPORT_NO_S3`. */
export function noS3Error(cause: unknown): RuvectorError {
  return new RuvectorError(
    'ERR_EXPORT_NO_S3',
    'Cannot use "s3://": the package @aws-sdk/client-s3 is not installed; run `npm install @aws-sdk/client-s3`',
    { cause },
  );
}

/** Somebody else publishes to the same prefix, code `ERR_EXPORT_BUSY`. @param state `publishes there now` */
export function bucketBusyError(url: string, state: string): RuvectorError {
  return new RuvectorError(
    'ERR_EXPORT_BUSY',
    `Cannot publish to "${url}": another publisher ${state}; wait until it is done and publish again, what is there is compared anew`,
    { details: { path: url, pid: null } },
  );
}

/** What S3 answered instead, code `ERR_EXPORT_S3`. */
export function s3Error(url: string, name: string, cause: unknown): RuvectorError {
  return new RuvectorError(
    'ERR_EXPORT_S3',
    `Cannot reach "${url}": ${name}: ${messageOf(cause)}; check bucket, credentials, region and --endpoint-url`,
    { cause, details: { url, code: name } },
  );
}
