// Errors of the bridge room, under the codes of the sockets room. Every code is listed in docs/errors.md.
import { RuvectorError } from '../core/index.ts';
import { WireErrorCode } from '../sockets/index.ts';
import { MAX_ATTACHMENTS, MAX_PAYLOAD_BYTES, PROTOCOL_VERSION, nameOfType } from './message.ts';
import type { WireMessage } from './message.ts';

/** Bytes that break docs/protocol.md. */
export function frameError(state: string, cause?: unknown): RuvectorError {
  return new RuvectorError(WireErrorCode.FRAME, `Cannot decode message: ${state}; see docs/protocol.md`, {
    cause,
  });
}

/** The peer speaks another version of the protocol. */
export function protocolVersionError(version: number): RuvectorError {
  return new RuvectorError(
    WireErrorCode.VERSION,
    `Cannot decode message: protocol version ${version}, this side speaks ${PROTOCOL_VERSION}; update the older side`,
    { details: { version, supported: PROTOCOL_VERSION } },
  );
}

/** A message of a type that this version does not know; the numbers say what it belongs to. */
export function unknownTypeError(type: number, streamId: number, correlation: number): RuvectorError {
  return new RuvectorError(WireErrorCode.TYPE, `Cannot decode message: ${nameOfType(type)} is not known`, {
    details: { streamId, correlation },
  });
}

/** A message of ours that the protocol does not allow. */
export function messageTooLargeError(type: number, jsonBytes: number, attachments: number): RuvectorError {
  return new RuvectorError(
    WireErrorCode.TOO_LARGE,
    `Cannot encode message "${nameOfType(type)}": ${jsonBytes} bytes of JSON and ${attachments} attachments, at most ${MAX_PAYLOAD_BYTES} and ${MAX_ATTACHMENTS} are allowed; send bulk as an attachment`,
  );
}

/** run/bridge.json leads to no running daemon. */
export function noDaemonError(path: string, state: string, cause?: unknown): RuvectorError {
  return new RuvectorError(
    WireErrorCode.NO_DAEMON,
    `Cannot find a running daemon by "${path}": ${state}; start it with \`ruvector-memopt serve\``,
    { cause },
  );
}

/** A column that the data plane does not carry. */
export function dictionaryColumnError(column: string): RuvectorError {
  return new RuvectorError(
    WireErrorCode.BATCH,
    `Cannot encode column "${column}": it is dictionary-encoded; send it as plain values`,
  );
}

/** Bytes of the peer that Arrow does not take. */
export function batchBytesError(what: string, cause: unknown): RuvectorError {
  return new RuvectorError(
    WireErrorCode.BATCH,
    `Cannot decode ${what}: its bytes are not one Arrow IPC message`,
    {
      cause,
    },
  );
}

/** A call after close, and what close does to calls under way. */
export function clientClosedError(): RuvectorError {
  return new RuvectorError(WireErrorCode.CLOSED, 'Cannot use bridge client: it is closed; connect again');
}

/** A request that the daemon would not take; nothing was sent. */
export function attachmentsTooLargeError(sizeBytes: number, maxMessageBytes: number): RuvectorError {
  return new RuvectorError(
    WireErrorCode.TOO_LARGE,
    `Cannot send request: its attachments have ${sizeBytes} bytes, the daemon takes ${maxMessageBytes}; send them in parts`,
    { details: { sizeBytes, maxMessageBytes } },
  );
}

/** Attachments in shared memory that the daemon cannot read; nothing was done. */
export function handedFileError(path: string, state: string, cause?: unknown): RuvectorError {
  return new RuvectorError(
    WireErrorCode.SLOT,
    `Cannot read attachments in shared memory "${path}": ${state}; send them in messages`,
    { cause },
  );
}

/** A batch was lost, repeated or reordered. */
export function sequenceError(actual: number, expected: number): RuvectorError {
  return new RuvectorError(
    WireErrorCode.SEQUENCE,
    `Cannot continue stream: batch ${actual} came where ${expected} was due; report this as a bug`,
    { details: { actual, expected } },
  );
}

/** A message that a stream has no use for. */
export function strayMessageError(type: number): RuvectorError {
  return new RuvectorError(
    WireErrorCode.TYPE,
    `Cannot continue stream: ${nameOfType(type)} came, which does not belong here`,
  );
}

/** The daemon is there and does not answer. */
export function noAnswerError(what: string, timeoutMs: number): RuvectorError {
  return new RuvectorError(
    WireErrorCode.TIMEOUT,
    `Cannot ${what}: no answer within ${timeoutMs} ms; see whether the daemon is stuck`,
  );
}

/** A message over the limit of the daemon; nothing was sent. */
export function framesTooLargeError(sizeBytes: number, maxMessageBytes: number): RuvectorError {
  return new RuvectorError(
    WireErrorCode.TOO_LARGE,
    `Cannot send message: it has ${sizeBytes} bytes, the daemon takes ${maxMessageBytes}; send it in parts or raise maxMessageBytes`,
    { details: { sizeBytes, maxMessageBytes } },
  );
}

/** More bytes than a HELLO has, from a connection that has said none. */
export function helloTooLargeError(sizeBytes: number): RuvectorError {
  return new RuvectorError(
    WireErrorCode.FRAME,
    `Cannot accept message of ${sizeBytes} bytes: this connection has not said HELLO; connect with the token of run/bridge.json`,
  );
}

/** A message before HELLO. */
export function noHelloError(message: WireMessage): RuvectorError {
  return new RuvectorError(
    WireErrorCode.AUTH,
    `Cannot accept ${nameOfType(message.type)}: this connection has not said HELLO; connect with the token of run/bridge.json`,
  );
}

/** A HELLO with the token of another daemon, or none. */
export function wrongTokenError(): RuvectorError {
  return new RuvectorError(
    WireErrorCode.AUTH,
    'Cannot accept HELLO: its token is not the one of this daemon; read run/bridge.json again',
  );
}

/** No handler has this name. */
export function unknownRequestError(name: unknown, known: readonly string[]): RuvectorError {
  return new RuvectorError(
    WireErrorCode.UNKNOWN_REQUEST,
    `Cannot serve request "${String(name)}": it is not known; known are ${known.toSorted().join(', ')}`,
  );
}

/** The client sent CANCEL. */
export function requestCancelledError(): RuvectorError {
  return new RuvectorError(WireErrorCode.CANCELLED, 'Cannot finish request: the client cancelled it');
}

/** Nobody waits for the reply any more. */
export function requesterGoneError(): RuvectorError {
  return new RuvectorError(WireErrorCode.DISCONNECTED, 'Cannot finish request: the client is gone');
}

/** A request while the daemon closes. */
export function requestsClosingError(): RuvectorError {
  return new RuvectorError(
    WireErrorCode.CLOSED,
    'Cannot serve request: the daemon is closing; try again when it is back',
  );
}

/** A number whose request is still running. */
export function repeatedRequestError(correlation: number): RuvectorError {
  return new RuvectorError(
    WireErrorCode.FRAME,
    `Cannot serve request: number ${correlation} is still running; use a new one`,
  );
}

/** A message of the data endpoint on the control endpoint. */
export function notOnControlError(type: number): RuvectorError {
  return new RuvectorError(
    WireErrorCode.TYPE,
    `Cannot accept ${nameOfType(type)} on the control endpoint: streams belong to the data endpoint`,
  );
}

/** No source has this name. */
export function unknownStreamError(name: unknown, known: readonly string[]): RuvectorError {
  return new RuvectorError(
    WireErrorCode.UNKNOWN_STREAM,
    `Cannot open stream "${String(name)}": it is not known; known are ${known.toSorted().join(', ')}`,
  );
}

/** The control connection that a stream hangs on is gone. */
export function leaseEndedError(): RuvectorError {
  return new RuvectorError(
    WireErrorCode.DISCONNECTED,
    'Cannot continue stream: the client has no live control connection, so its lease ended; connect again',
  );
}

/** A number whose stream is still open. */
export function repeatedStreamError(streamId: number): RuvectorError {
  return new RuvectorError(
    WireErrorCode.FRAME,
    `Cannot open stream ${streamId}: it is open already; use another number`,
  );
}

/** A stream that is opened while the daemon closes. */
export function streamsClosingError(): RuvectorError {
  return new RuvectorError(
    WireErrorCode.CLOSED,
    'Cannot open stream: the daemon is closing; try again when it is back',
  );
}

/** A message of the control endpoint on the data endpoint. */
export function notOnDataError(type: number): RuvectorError {
  return new RuvectorError(
    WireErrorCode.TYPE,
    `Cannot accept ${nameOfType(type)} on the data endpoint: requests belong to the control endpoint`,
  );
}

/** An ACK of a batch that was never sent. */
export function ackAheadError(sequence: number, sent: number): RuvectorError {
  return new RuvectorError(
    WireErrorCode.SEQUENCE,
    `Cannot accept ACK ${sequence}: only ${sent} batches were sent; the client is broken`,
  );
}

/** A batch of a source that no message holds. */
export function batchTooLargeError(sizeBytes: number, maxMessageBytes: number): RuvectorError {
  return new RuvectorError(
    WireErrorCode.TOO_LARGE,
    `Cannot send batch: it has ${sizeBytes} bytes, ${maxMessageBytes} are allowed; let the source yield fewer rows`,
    { details: { sizeBytes, maxMessageBytes } },
  );
}

/** Nobody reads the stream any more. */
export function readerGoneError(): RuvectorError {
  return new RuvectorError(WireErrorCode.DISCONNECTED, 'Cannot continue stream: the client left');
}

/** The daemon closes and what was sent is all there is. */
export function daemonDrainsError(): RuvectorError {
  return new RuvectorError(
    WireErrorCode.DISCONNECTED,
    'Cannot continue stream: the daemon is closing; connect again when it is back',
  );
}

/** The connection to a daemon ended. */
export function daemonLostError(endpoint: string): RuvectorError {
  return new RuvectorError(
    WireErrorCode.DISCONNECTED,
    `Cannot reach daemon at "${endpoint}": the connection ended; see the daemon's log and connect again`,
  );
}

/** No daemon answers at its address. */
export function nothingListensError(endpoint: string): RuvectorError {
  return new RuvectorError(
    WireErrorCode.NO_DAEMON,
    `Cannot connect to daemon at "${endpoint}": nothing listens there; start it with \`ruvector-memopt serve\``,
  );
}

/** The daemon's list of clients does not hold our key. */
export function keyNotAllowedError(endpoint: string, publicKey: string): RuvectorError {
  return new RuvectorError(
    WireErrorCode.AUTH,
    `Cannot connect to daemon at "${endpoint}": it does not allow key ${publicKey}; on its host: ruvector-memopt keys allow NAME ${publicKey}`,
    { details: { publicKey } },
  );
}

/** Whoever listens there did not prove to be the daemon that the key file names. */
export function wrongDaemonError(endpoint: string, daemonKey: string): RuvectorError {
  return new RuvectorError(
    WireErrorCode.AUTH,
    `Cannot connect to daemon at "${endpoint}": what listens there does not have key ${daemonKey}, or asks for none; compare it with \`ruvector-memopt keys list\` on that host`,
    { details: { daemonKey } },
  );
}

/** A HELLO from another host without the proof of its key. */
export function noProofError(): RuvectorError {
  return new RuvectorError(
    WireErrorCode.AUTH,
    'Cannot accept HELLO: it does not prove an allowed key; connect with a key that this daemon allows',
  );
}

/** A key that was taken off the list while it was in use. */
export function keyRevokedError(): RuvectorError {
  return new RuvectorError(
    WireErrorCode.AUTH,
    'Cannot go on: the daemon has revoked the key of this connection; ask its owner for another',
  );
}

/** Sealed bytes that do not open. */
export function tamperedError(state: string): RuvectorError {
  return new RuvectorError(
    WireErrorCode.TAMPERED,
    `Cannot open sealed message: ${state}; somebody on the way changed it: nothing of it was used, connect again`,
  );
}

/** Sealed bytes of a session that ended, or never was. */
export function sessionClosedError(): RuvectorError {
  return new RuvectorError(
    WireErrorCode.AUTH,
    'Cannot open sealed message: its session is not open; connect to the control endpoint first',
  );
}

/** Sealed bytes that are not the next ones. */
export function replayedError(state: string): RuvectorError {
  return new RuvectorError(
    WireErrorCode.REPLAYED,
    `Cannot open sealed message: ${state}; somebody on the way repeats or withholds messages: nothing of it was used, connect again`,
  );
}

/** A connection that has sent all it may under its keys. */
export function sealExhaustedError(): RuvectorError {
  return new RuvectorError(
    WireErrorCode.CLOSED,
    'Cannot seal message: the numbers of this connection are used up; connect again',
  );
}

/** A daemon that offers no way for batches that this client knows. */
export function unknownBulkError(kind: string): RuvectorError {
  return new RuvectorError(
    WireErrorCode.VERSION,
    `Cannot read batches of daemon: it offers them by "${kind}", which this side does not know; update the older side`,
  );
}

/** A message for a connection that is gone. */
export function peerUnknownError(): RuvectorError {
  return new RuvectorError(WireErrorCode.DISCONNECTED, 'Cannot send to client: its connection has ended');
}

/** A sealed connection on which nothing comes, though it is there. */
export function withheldError(limitMs: number): RuvectorError {
  return replayedError(`none came in ${limitMs / 1000} s`);
}
