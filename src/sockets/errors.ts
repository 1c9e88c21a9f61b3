// Error codes of the bridge and of the streams, and how errors travel. Every code is listed in docs/errors.md,
// from which python/src/ruvector/_exceptions is generated.
import { RuvectorError, messageOf } from '../core/index.ts';

/** Codes a caller can act on. */
export const WireErrorCode = {
  /** A frame does not follow docs/protocol.md. */
  FRAME: 'ERR_WIRE_FRAME',
  /** The peer speaks another protocol version. */
  VERSION: 'ERR_WIRE_VERSION',
  /** The message type is not known, or not allowed on this endpoint or in this state. */
  TYPE: 'ERR_WIRE_TYPE',
  /** No HELLO yet, or a HELLO with a wrong token. */
  AUTH: 'ERR_WIRE_AUTH',
  UNKNOWN_REQUEST: 'ERR_WIRE_UNKNOWN_REQUEST',
  UNKNOWN_STREAM: 'ERR_WIRE_UNKNOWN_STREAM',
  /** A handler or source failed with an error that has no code of its own. */
  HANDLER: 'ERR_WIRE_HANDLER',
  CANCELLED: 'ERR_WIRE_CANCELLED',
  /** This side was closed. */
  CLOSED: 'ERR_WIRE_CLOSED',
  /** The peer went away. */
  DISCONNECTED: 'ERR_WIRE_DISCONNECTED',
  TIMEOUT: 'ERR_WIRE_TIMEOUT',
  TOO_LARGE: 'ERR_WIRE_TOO_LARGE',
  /** Sealed bytes that were changed on their way, or sealed with another key. */
  TAMPERED: 'ERR_WIRE_TAMPERED',
  /** Sealed bytes that came before, are missing or out of order. */
  REPLAYED: 'ERR_WIRE_REPLAYED',
  /** A batch was lost, duplicated or reordered; never seen unless a peer is broken. */
  SEQUENCE: 'ERR_WIRE_SEQUENCE',
  /** A record batch cannot be written as one Arrow IPC message, or bytes are not one. */
  BATCH: 'ERR_WIRE_BATCH',
  /** Shared memory that does not hold what was announced. */
  SLOT: 'ERR_WIRE_SLOT',
  /** A certificate that cannot be used, or is not believed. */
  TLS: 'ERR_WIRE_TLS',
  NO_DAEMON: 'ERR_WIRE_NO_DAEMON',
  ENDPOINT: 'ERR_WIRE_ENDPOINT',
  /** A subscriber asks for what the stream does not have. */
  STREAM_REQUEST: 'ERR_WIRE_STREAM_REQUEST',
  /** No more subscribers fit. */
  STREAM_FULL: 'ERR_WIRE_STREAM_FULL',
  /** The history could not be read for a subscriber that continues; it gets a gap instead. */
  STREAM_HISTORY: 'ERR_WIRE_STREAM_HISTORY',
  /** Overflow could not be written to or read from disk; the subscriber gets a gap instead. */
  STREAM_SPILL: 'ERR_WIRE_STREAM_SPILL',
  /** Bytes of a data stream are not what its format says. */
  STREAM_DECODE: 'ERR_WIRE_STREAM_DECODE',
} as const;
export type WireErrorCode = (typeof WireErrorCode)[keyof typeof WireErrorCode];

/** An error as the JSON payload of an ERROR message. */
export interface ErrorPayload {
  code: string;
  message: string;
  details: Readonly<Record<string, unknown>>;
  /** Traceback of the process in which it was raised, when that is another one. */
  traceback?: string;
}

/** Turns any thrown value into an ERROR payload; an error without a code becomes ERR_WIRE_HANDLER. */
export function toErrorPayload(error: unknown): ErrorPayload {
  if (!(error instanceof RuvectorError)) {
    return { code: WireErrorCode.HANDLER, message: messageOf(error), details: {} };
  }
  const { traceback } = error.details;
  return {
    code: error.code,
    message: error.message,
    details: toJsonDetails(error.details),
    ...(typeof traceback === 'string' ? { traceback } : {}),
  };
}

/** Rebuilds the error a peer sent. Missing parts get safe defaults: the peer may be another version. */
export function fromErrorPayload(payload: unknown): RuvectorError {
  const { code, message, details, traceback } = (payload ?? {}) as Partial<ErrorPayload>;
  const known = typeof details === 'object' && details !== null ? details : {};
  return new RuvectorError(
    typeof code === 'string' ? code : WireErrorCode.HANDLER,
    typeof message === 'string' ? message : 'Cannot read the error of the peer: it has no message',
    { details: typeof traceback === 'string' ? { ...known, traceback } : known },
  );
}

function toJsonDetails(details: Readonly<Record<string, unknown>>): Record<string, unknown> {
  try {
    const json = JSON.stringify(details, (_key, value: unknown) =>
      typeof value === 'bigint' ? value.toString() : value,
    );
    return JSON.parse(json) as Record<string, unknown>;
  } catch {
    // Details with cycles cannot travel; the code and the sentence still do.
    return {};
  }
}

/** Another process holds the address, or it is none of this host. */
export function bindError(endpoint: string, state: string, cause?: unknown): RuvectorError {
  return new RuvectorError(
    WireErrorCode.ENDPOINT,
    `Cannot bind endpoint "${endpoint}": ${state}; stop the process that holds it or choose another`,
    { cause },
  );
}

/** Not a failure of a call: it is told to whoever keeps the log. */
export function endpointFloodedError(endpoint: string): RuvectorError {
  return new RuvectorError(
    WireErrorCode.ENDPOINT,
    `Cannot keep the connections of endpoint "${endpoint}": more messages or connections came than it takes, so all of them were ended; find who sends without end, and let the others connect again`,
  );
}

/** A client left before a message was sent to it. */
export function peerGoneError(cause: unknown): RuvectorError {
  return new RuvectorError(WireErrorCode.DISCONNECTED, 'Cannot send to client: it is gone', { cause });
}

/** A send after close. */
export function socketClosedError(cause: unknown): RuvectorError {
  return new RuvectorError(WireErrorCode.CLOSED, 'Cannot send message: this side is closed; connect again', {
    cause,
  });
}

/** An address that other hosts reach, or none at all. */
export function foreignEndpointError(endpoint: string): RuvectorError {
  return new RuvectorError(
    WireErrorCode.ENDPOINT,
    `Cannot use endpoint "${endpoint}": it is neither ipc:// nor TCP on loopback; use "ipc:///path" or "tcp://127.0.0.1:0"`,
  );
}

/** Text that is no TCP address. */
export function tcpEndpointError(endpoint: string): RuvectorError {
  return new RuvectorError(
    WireErrorCode.ENDPOINT,
    `Cannot use endpoint "${endpoint}": it is no TCP address; use "tcp://host:port"`,
  );
}

/** A path that no socket address holds. */
export function socketPathError(path: string, bytes: number, maxBytes: number): RuvectorError {
  return new RuvectorError(
    WireErrorCode.ENDPOINT,
    `Cannot use endpoint "ipc://${path}": its path has ${bytes} bytes, a socket address holds ${maxBytes}; use a shorter directory`,
  );
}
