// sockets: what every endpoint of this product needs, whatever it speaks: addresses, tokens, listeners for errors,
// limits on connections, ZeroMQ frames, and errors that travel. Not a protocol.
export { readConnectionShare } from './connection-share.ts';
export type { CurveClient, CurveServer } from './curve.ts';
export {
  assertLocalEndpoint,
  bindEndpoint,
  createIpcEndpoints,
  ipcPathOf,
  isLoopbackHost,
  parseTcpEndpoint,
} from './endpoint.ts';
export type { Endpoints, OwnedEndpoints, TcpAddress } from './endpoint.ts';
export { WireErrorCode, fromErrorPayload, toErrorPayload } from './errors.ts';
export type { ErrorPayload } from './errors.ts';
export { guardHttp, guardServer, guardSocket } from './guard-socket.ts';
export { isToken } from './is-token.ts';
export { DEFAULT_LEASE_MS } from './zmq-socket.ts';
export type { PlaneName } from './zmq-socket.ts';
export { DealerSocket } from './dealer-socket.ts';
export type { ConnectionLoss, DealerOptions } from './dealer-socket.ts';
export { RouterSocket, isUnread } from './router-socket.ts';
export { maskUrl, parseNatsUrl } from './nats-url.ts';
export type { NatsUrl } from './nats-url.ts';
