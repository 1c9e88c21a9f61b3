// Errors of the stream room, under the codes of the sockets room. Every code is listed in docs/errors.md.
import { RuvectorError, adviseOn, messageOf } from '../core/index.ts';
import { WireErrorCode } from '../sockets/index.ts';
import type { StreamFormat, StreamTable } from './stream-contract.ts';

/** Mistakes of one request that are told: it must not be answered by something far larger. */
const MAX_PROBLEMS = 16;

/** Bytes that are no message of the format: the one error of the decoders. */
export function decodeError(format: StreamFormat, state: string, cause?: unknown): RuvectorError {
  return new RuvectorError(
    WireErrorCode.STREAM_DECODE,
    `Cannot decode stream as "${format}": ${state}; see docs/streams.md`,
    { cause, details: { format } },
  );
}

/** A request for what the stream does not have; the first mistakes in one report. */
export function streamRequestError(all: readonly string[]): RuvectorError {
  const problems = all.slice(0, MAX_PROBLEMS);
  return new RuvectorError(
    WireErrorCode.STREAM_REQUEST,
    `Cannot subscribe: ${problems.join('; ')}; ask for what there is`,
    { details: { problems } },
  );
}

/** An endpoint that cannot be used, code `ERR_WIRE_ENDPOINT`. */
export function endpointError(endpoint: string, state: string, cause?: unknown): RuvectorError {
  const inUse = 'EADDRINUSE: something listens there already';
  return new RuvectorError(
    WireErrorCode.ENDPOINT,
    `Cannot use stream endpoint "${endpoint}": ${state === 'EADDRINUSE' ? inUse : state}; use ws://127.0.0.1:9999, wss://host:9999, ipc:///path, tcp://127.0.0.1:0 or pipe:/path`,
    { cause },
  );
}

/** A certificate, its key or a CA in a file, code `ERR_WIRE_TLS`. */
export function certificateError(path: string, state: string, next: string, cause?: unknown): RuvectorError {
  return new RuvectorError(WireErrorCode.TLS, `Cannot use "${path}" for TLS: ${state}; ${next}`, {
    cause,
    details: { path },
  });
}

/** A server whose certificate is not believed, code `ERR_WIRE_TLS`. */
export function untrustedError(endpoint: string, cause: unknown): RuvectorError {
  return new RuvectorError(
    WireErrorCode.TLS,
    `Cannot trust stream "${endpoint}": ${messageOf(cause)}; name the certificate of its CA with ca, or renew that of the server`,
    { cause },
  );
}

/** `wss://` without a certificate to serve it with. */
export function noCertificateError(endpoint: string): RuvectorError {
  return new RuvectorError(
    WireErrorCode.TLS,
    `Cannot serve stream "${endpoint}": there is no certificate; name one with --tls-cert and --tls-key`,
  );
}

/** A fault of ours that ended one subscription. */
export function subscriptionError(cause: unknown): RuvectorError {
  return new RuvectorError(
    WireErrorCode.HANDLER,
    `Cannot continue a subscription: ${messageOf(cause)}; it ended, report this as a bug`,
    { cause },
  );
}

/** The history could not be read for a subscriber that continues; it gets a gap. */
export function historyLostError(table: StreamTable, cause: unknown): RuvectorError {
  return new RuvectorError(
    WireErrorCode.STREAM_HISTORY,
    `Cannot continue table "${table}" from the history: ${messageOf(cause)}; the subscriber gets a gap`,
    { cause },
  );
}

/** Overflow could not be written to or read from disk; the subscriber gets a gap. */
export function spillError(cause: unknown): RuvectorError {
  const { state, nextStep } = adviseOn(cause);
  return new RuvectorError(
    WireErrorCode.STREAM_SPILL,
    `Cannot spill records of a slow subscriber in the temporary folder: ${state}; it gets a gap, ${nextStep}`,
    { cause },
  );
}

/** A message that a server has no use for. */
export function strayStreamMessageError(type: string): RuvectorError {
  return new RuvectorError(
    WireErrorCode.TYPE,
    `Cannot take stream message "${type}": it is not expected here`,
  );
}

/** A subscriber with another token, or none. */
export function streamTokenError(): RuvectorError {
  return new RuvectorError(
    WireErrorCode.AUTH,
    'Cannot subscribe: the token is wrong; ask who serves the stream',
  );
}

/** Credit that is no whole number. */
export function creditError(credit: unknown): RuvectorError {
  return new RuvectorError(
    WireErrorCode.FRAME,
    `Cannot read credit "${String(credit)}": it is no whole number`,
  );
}

/** A subscriber left before its events were sent. */
export function subscriberGoneError(): RuvectorError {
  return new RuvectorError(WireErrorCode.DISCONNECTED, 'Cannot send to subscriber: it is gone');
}

/** A subscription while the stream closes. */
export function streamClosingError(): RuvectorError {
  return new RuvectorError(
    WireErrorCode.CLOSED,
    'Cannot subscribe: the stream is closing; connect again later',
  );
}

/** The server closes before a subscriber took everything. */
export function streamCutError(): RuvectorError {
  return new RuvectorError(
    WireErrorCode.DISCONNECTED,
    'Cannot send the rest of the stream: the server closes and it was not taken in time; subscribe again after the last record',
  );
}

/** No more subscribers fit. */
export function streamFullError(maxSubscribers: number): RuvectorError {
  return new RuvectorError(
    WireErrorCode.STREAM_FULL,
    `Cannot subscribe: the stream has ${maxSubscribers} subscribers, as many as it takes; close one`,
  );
}

/** A server that fails to say why it failed. */
export function unreadableErrorError(cause: unknown): RuvectorError {
  return new RuvectorError(
    WireErrorCode.FRAME,
    'Cannot read stream: the server sent an error that is no JSON',
    {
      cause,
    },
  );
}

/** A server that speaks something else. */
export function strangeAnswerError(): RuvectorError {
  return new RuvectorError(
    WireErrorCode.FRAME,
    'Cannot read stream: the server sent neither events nor an error',
  );
}

/** The server did not upgrade the connection. */
export function subscriptionRefusedError(endpoint: string, status: number): RuvectorError {
  return new RuvectorError(
    WireErrorCode.AUTH,
    `Cannot subscribe at "${endpoint}": the server answered ${status}; give the token, or serve the stream for this client`,
  );
}

/** A connection that can be tried again. */
export function lostError(endpoint: string, state: string, cause?: unknown): RuvectorError {
  return new RuvectorError(
    WireErrorCode.DISCONNECTED,
    `Cannot read stream "${endpoint}": ${state}; it is tried again unless reconnecting is off`,
    { cause },
  );
}

/** A connection that never said what it wants. */
export function noRequestError(timeoutMs: number, cause: unknown): RuvectorError {
  return new RuvectorError(
    WireErrorCode.STREAM_REQUEST,
    `Cannot subscribe: no request came in ${timeoutMs / 1000} s; send it as the first text message`,
    { cause },
  );
}

/** A control message whose payload is not what it should be. */
export function streamPayloadError(): RuvectorError {
  return new RuvectorError(WireErrorCode.FRAME, 'Cannot read stream message: its payload is no JSON object');
}
