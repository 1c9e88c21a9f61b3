// Errors of src/fleet. Codes are listed in docs/errors.md and mirrored in Python.
import { RuvectorError, adviseOn, messageOf } from '../core/index.ts';

/** An option that cannot be, code `ERR_FLEET_OPTION`. */
export function fleetOptionError(option: string, value: unknown, wanted: string): RuvectorError {
  return new RuvectorError(
    'ERR_FLEET_OPTION',
    `Cannot use option "${option}": it is ${String(value)}; give it ${wanted}`,
    { details: { option, value } },
  );
}

/** A file of credentials or certificates that cannot be used, code `ERR_FLEET_CREDENTIALS`. */
export function credentialsError(
  path: string,
  state: string,
  nextStep: string,
  cause?: unknown,
): RuvectorError {
  return new RuvectorError(
    'ERR_FLEET_CREDENTIALS',
    `Cannot use credentials "${path}": ${state}; ${nextStep}`,
    { cause, details: { path } },
  );
}

/** The server knows who asks and refuses, or does not know, code `ERR_FLEET_AUTH`. */
export function refusedAccessError(servers: string, cause: unknown): RuvectorError {
  return new RuvectorError(
    'ERR_FLEET_AUTH',
    `Cannot use "${servers}": it refuses these credentials (${messageOf(cause)}); give a file of credentials that this server accepts for this account`,
    { cause, details: { servers } },
  );
}

/** No encrypted connection that can be trusted, code `ERR_FLEET_TLS`. */
export function tlsError(servers: string, cause: unknown): RuvectorError {
  return new RuvectorError(
    'ERR_FLEET_TLS',
    `Cannot trust "${servers}": ${messageOf(cause)}; renew the certificate, or name the authority that signed it`,
    { cause, details: { servers } },
  );
}

/** No server answers, code `ERR_FLEET_UNREACHABLE`. */
export function unreachableError(servers: string, cause: unknown): RuvectorError {
  return new RuvectorError(
    'ERR_FLEET_UNREACHABLE',
    `Cannot reach "${servers}": ${messageOf(cause)}; start the server, or correct the address`,
    { cause, details: { servers } },
  );
}

/** A stream that is not there, is full or refuses, code `ERR_FLEET_STREAM`. */
export function fleetStreamError(
  stream: string,
  state: string,
  nextStep: string,
  cause?: unknown,
): RuvectorError {
  return new RuvectorError('ERR_FLEET_STREAM', `Cannot use stream "${stream}": ${state}; ${nextStep}`, {
    cause,
    details: { stream },
  });
}

/** An outbox that cannot be read or written, code `ERR_FLEET_OUTBOX`. */
export function outboxError(path: string, cause: unknown): RuvectorError {
  const { state, nextStep } = adviseOn(cause);
  return new RuvectorError('ERR_FLEET_OUTBOX', `Cannot use outbox "${path}": ${state}; ${nextStep}`, {
    cause,
    details: { path },
  });
}

/** A part of an outbox that does not hold, code `ERR_FLEET_OUTBOX`. */
export function damagedOutboxError(path: string, batches: string): RuvectorError {
  return new RuvectorError(
    'ERR_FLEET_OUTBOX',
    `Cannot read outbox "${path}": ${batches}; check the disk, the history of this host still has its rows`,
    { details: { path } },
  );
}

/** A message that is no batch of rows, code `ERR_FLEET_BATCH`. */
export function fleetBatchError(subject: string, state: string, cause?: unknown): RuvectorError {
  return new RuvectorError(
    'ERR_FLEET_BATCH',
    `Cannot take message on "${subject}": ${state}; find who sends it, it is kept out of the lake`,
    { cause, details: { subject } },
  );
}

/** A lake that cannot be written, code `ERR_FLEET_LAKE`. */
export function lakeError(path: string, state: string, nextStep: string, cause?: unknown): RuvectorError {
  return new RuvectorError('ERR_FLEET_LAKE', `Cannot use lake "${path}": ${state}; ${nextStep}`, {
    cause,
    details: { path },
  });
}

/** A file of a lake that cannot be written, code `ERR_FLEET_LAKE`. */
export function unwrittenLakeError(path: string, cause: unknown): RuvectorError {
  const { state, nextStep } = adviseOn(cause);
  return lakeError(path, state, nextStep, cause);
}

/** A model that cannot be offered or taken, code `ERR_FLEET_OFFER`. */
export function offerError(model: string, state: string, nextStep: string, cause?: unknown): RuvectorError {
  return new RuvectorError('ERR_FLEET_OFFER', `Cannot offer model "${model}": ${state}; ${nextStep}`, {
    cause,
    details: { model },
  });
}
