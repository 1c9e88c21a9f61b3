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

/** A server, or an account of it, that keeps nothing, code `ERR_FLEET_STREAM`. */
export function noJetStreamError(stream: string, cause: unknown): RuvectorError {
  return fleetStreamError(
    stream,
    'this server has no JetStream, or none for this account',
    'start it with -js, or enable JetStream for the account',
    cause,
  );
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

/** Batches that a host numbered and that did not come, code `ERR_FLEET_MISSING`. */
export function missingBatchesError(
  { host, kind }: { readonly host: string; readonly kind: string },
  count: number,
  { first, last }: { readonly first: number; readonly last: number },
): RuvectorError {
  const numbers = first === last ? `${first}` : `${first} to ${last}`;
  return new RuvectorError(
    'ERR_FLEET_MISSING',
    `Cannot find ${count} batches of ${kind} of host "${host}" (${numbers}${last - first + 1 < count ? ' and others' : ''}): the stream let them go before they were collected, or the host gave them up; see "dropped" in \`status\` there, and give the stream no max_age and discard "new"`,
    { details: { host, kind, count } },
  );
}

/** A name under which several hosts send, code `ERR_FLEET_NAME`. */
export function sharedNameError(host: string): RuvectorError {
  return new RuvectorError(
    'ERR_FLEET_NAME',
    `Cannot tell hosts apart that send as "${host}": several do, copies of one home; on all but one of them end the daemon, remove "fleet/host-name" from its home, and start it again`,
    { details: { host } },
  );
}

/** A lake that cannot be written, code `ERR_FLEET_LAKE`. */
export function lakeError(path: string, state: string, nextStep: string, cause?: unknown): RuvectorError {
  return new RuvectorError('ERR_FLEET_LAKE', `Cannot use lake "${path}": ${state}; ${nextStep}`, {
    cause,
    details: { path },
  });
}

/** A file or folder of a lake that cannot be written or read, code `ERR_FLEET_LAKE`. */
export function unusableLakeError(path: string, cause: unknown): RuvectorError {
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
