// The typed errors of APR2 sample files. Every code is listed in docs/errors.md.
import { RuvectorError, messageOf } from '../../core/index.ts';

/** A sample of another shape than the document's. */
export function invalidSampleError(at: number, problem: string): RuvectorError {
  return new RuvectorError(
    'ERR_STORE_APR_SAMPLE',
    `Cannot take sample ${at}: ${problem}; correct it, or read it with the release that wrote it`,
    { details: { at } },
  );
}

/** Text that is no JSON list of samples. */
export function samplesJsonError(problem: string, cause?: unknown): RuvectorError {
  const why = cause === undefined ? problem : `${problem} (${messageOf(cause)})`;
  return new RuvectorError(
    'ERR_STORE_APR_JSON',
    `Cannot read samples: ${why}; give a JSON list of {"features": {...}, "label": "..."}`,
    { cause },
  );
}

/** Bytes that are no whole APR2 file. */
export function corruptAprError(problem: string, cause?: unknown): RuvectorError {
  return new RuvectorError(
    'ERR_STORE_APR_CORRUPT',
    `Cannot read APR2 file: ${problem}; restore it from a copy, or start a new one with loadOrCreate()`,
    { cause, details: { problem } },
  );
}

/** A file of another version of the format; it is left where it is. */
export function aprVersionError(magic: string): RuvectorError {
  return new RuvectorError(
    'ERR_STORE_APR_VERSION',
    `Cannot read APR file of version "${magic}": this release reads "APR2"; use the release that wrote it`,
    { details: { magic } },
  );
}

/** JSON that the 32-bit length cannot express, or that this process cannot parse. */
export function aprTooLargeError(jsonBytes: number, limitBytes: number): RuvectorError {
  return new RuvectorError(
    'ERR_STORE_APR_TOO_LARGE',
    `Cannot hold ${jsonBytes} bytes of JSON in one APR2 file: the limit is ${limitBytes}; keep fewer samples or use several files`,
    { details: { jsonBytes, limitBytes } },
  );
}

/** A damaged file that was renamed out of the way. */
export function aprSetAsideError(path: string, setAside: string, cause: unknown): RuvectorError {
  return new RuvectorError(
    'ERR_STORE_APR_CORRUPT',
    `Cannot read samples "${path}": ${messageOf(cause)}; it is kept as "${setAside}" and an empty file takes its place`,
    { cause, details: { path, setAside } },
  );
}

/** A journal with damage inside; whole frames were kept. */
export function corruptJournalError(path: string, setAside: string | null, kept: number): RuvectorError {
  const where = setAside === null ? 'it is left in place' : `it is kept as "${setAside}"`;
  return new RuvectorError(
    'ERR_STORE_APR_JOURNAL',
    `Cannot read all of journal "${path}": bytes in it were changed; ${kept} samples were read from it and ${where}`,
    { details: { path, setAside, kept } },
  );
}

/** The file was replaced by someone else while a journal for the old one lay beside it. */
export function aprReplacedError(path: string, kept: number): RuvectorError {
  return new RuvectorError(
    'ERR_STORE_APR_REPLACED',
    `Cannot match journal with samples "${path}": the file was replaced since; its samples and the journal's ${kept} are both kept`,
    { details: { path, kept } },
  );
}

/** A write after close. */
export function samplesClosedError(path: string): RuvectorError {
  return new RuvectorError(
    'ERR_STORE_CLOSED',
    `Cannot write samples "${path}": they are closed; open them again`,
  );
}

/** No file where one was named. */
export function noAprFileError(path: string): RuvectorError {
  return new RuvectorError(
    'ERR_STORE_NOT_FOUND',
    `Cannot read samples "${path}": there is no such file; record some first, or correct the path`,
    { details: { path } },
  );
}
