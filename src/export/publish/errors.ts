// Errors of publication. Codes are listed in docs/errors.md.
import { RuvectorError } from '../../core/index.ts';

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

/** A key that cannot be used, code `ERR_EXPORT_SIGNING_KEY`. */
export function signingKeyError(key: string, state: string, cause?: unknown): RuvectorError {
  return new RuvectorError(
    'ERR_EXPORT_SIGNING_KEY',
    `Cannot use key "${key}": ${state}; make one with \`ruvector-memopt publish keygen\``,
    { cause, details: { key } },
  );
}
