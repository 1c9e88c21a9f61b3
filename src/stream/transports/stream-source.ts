// What the client needs of a transport: one connection that carries one subscription. No code.
import type { StreamEvent, StreamFormat } from '../stream-contract.ts';
import type { SubscribeMessage } from '../stream-request.ts';

/** How a connection is opened. */
export interface ConnectRequest {
  readonly message: SubscribeMessage;
  readonly format: StreamFormat;
  readonly signal: AbortSignal;
}

/**
 * Connects and yields events in pieces; ends when the server says so. Reading slowly slows the server down.
 * @throws RuvectorError `ERR_WIRE_DISCONNECTED` when the connection cannot be made or is lost: worth another
 *   try; any other code is the server's answer and final
 */
export type StreamSource = (request: ConnectRequest) => AsyncIterable<readonly StreamEvent[]>;
