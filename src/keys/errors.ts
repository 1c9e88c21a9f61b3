// Errors of the keys room. Codes are listed in docs/errors.md and mirrored in Python.
import { RuvectorError, adviseOn } from '../core/index.ts';

/** Codes a caller can act on. */
export const KeyErrorCode = {
  /** A file of keys cannot be read, written or believed. */
  FILE: 'ERR_KEYS_FILE',
  /** A name that is taken, unknown or no name. */
  NAME: 'ERR_KEYS_NAME',
  /** Text that is no public key. */
  KEY: 'ERR_KEYS_KEY',
} as const;

/** A file that does not hold what it should, or that others may read. */
export function badKeyFileError(path: string, state: string, next: string, cause?: unknown): RuvectorError {
  return new RuvectorError(KeyErrorCode.FILE, `Cannot use key file "${path}": ${state}; ${next}`, {
    cause,
    details: { path, state },
  });
}

/** A file that the system does not let us read or write. */
export function keyFileSystemError(path: string, cause: unknown): RuvectorError {
  const { state, nextStep } = adviseOn(cause);
  return badKeyFileError(path, state, nextStep, cause);
}

/** A name that cannot be given to a key. */
export function keyNameError(name: string, state: string, next: string): RuvectorError {
  return new RuvectorError(KeyErrorCode.NAME, `Cannot use key name "${name}": ${state}; ${next}`, {
    details: { name },
  });
}

/** Text that is no public key. */
export function notAKeyError(text: string): RuvectorError {
  return new RuvectorError(
    KeyErrorCode.KEY,
    `Cannot use public key "${text}": it is not 64 hexadecimal digits; copy it from \`ruvector-memopt keys list\` on the other host`,
  );
}

/** A daemon of another host, and nothing to show it. */
export function noKeyError(endpoint: string): RuvectorError {
  return new RuvectorError(
    KeyErrorCode.KEY,
    `Cannot connect to daemon at "${endpoint}": neither key nor token is given; give the key file that \`ruvector-memopt keys make\` wrote, or the token of a trusted network`,
  );
}

/** The key of a daemon in place of a client's. */
export function daemonsOwnKeyError(path: string): RuvectorError {
  return badKeyFileError(
    path,
    "it is a daemon's own key",
    'make one with `ruvector-memopt keys make NAME --daemon KEY`',
  );
}
