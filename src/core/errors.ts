// The error every room throws: a stable code, a readable sentence and the cause.
// Text: Cannot <verb> <thing> "<value>": <current state>; <next step>

/** Options of {@link RuvectorError}. */
export interface RuvectorErrorOptions {
  /** The lower error that led here, kept for the reader. */
  cause?: unknown;
  /** Structured facts (path, offset, expected, actual) a caller can act on. */
  details?: Readonly<Record<string, unknown>>;
}

/**
 * An error a caller can act on. `code` is stable across releases and mirrored in Python;
 * all codes are listed in docs/errors.md.
 */
export class RuvectorError extends Error {
  readonly code: string;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, options: RuvectorErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.details = options.details ?? {};
  }
}

/** True when `error` is a {@link RuvectorError}, optionally with the given code. */
export function isRuvectorError(error: unknown, code?: string): error is RuvectorError {
  return error instanceof RuvectorError && (code === undefined || error.code === code);
}

/** The system error code (`ENOENT`, `ENOSPC`, ...) of a Node error, else undefined. */
export function systemCodeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** One line that says what went wrong, for logs and data records. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Nothing says where this user lives, code `ERR_APP_HOME`. */
export function noUserHomeError(): RuvectorError {
  return new RuvectorError(
    'ERR_APP_HOME',
    'Cannot find a home: HOME is not an absolute path and this user has no passwd entry; ' +
      'name a folder with --home or RUVECTOR_HOME',
  );
}

/** Packages that are not installed because few need them, code `ERR_APP_EXTRA`. */
export function missingExtraError(
  extra: { readonly name: string; readonly purpose: string; readonly sizeMb: number },
  missing: readonly string[],
): RuvectorError {
  const { name, purpose, sizeMb } = extra;
  return new RuvectorError(
    'ERR_APP_EXTRA',
    `Cannot use "${name}", which is for ${purpose}: ${missing.join(', ')} not installed; ` +
      `run \`npx ruvector-memopt setup ${name}\` (about ${sizeMb} MB from the npm registry)`,
    { details: { extra: name, missing } },
  );
}

/** An option that names no folder, code `ERR_APP_HOME`. */
export function unusableHomeError(option: string, value: string, state: string): RuvectorError {
  return new RuvectorError(
    'ERR_APP_HOME',
    `Cannot use home "${value}" of ${option}: ${state}; name an absolute path with --home or RUVECTOR_HOME`,
  );
}
