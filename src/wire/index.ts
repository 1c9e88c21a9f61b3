// wire: the bridge to other processes. Requests and Arrow record batches over ZeroMQ, ipc or loopback
// TCP, with credits, sequence numbers and a drain before every close. Not: what is asked or streamed,
// which src/app gives it. Specification: docs/protocol.md
export { createBridgeServer } from './bridge-server.ts';
export type { BridgeEvent, BridgeServer, BridgeServerOptions, BridgeStats } from './bridge-server.ts';
export type { RequestContext, RequestHandler, RequestResult } from './request-plane.ts';
export type { OpenedStream, StreamSource } from './stream-session.ts';
export { connectBridge } from './bridge-client.ts';
export type { BridgeClient, ConnectOptions, RequestOptions, RequestReply } from './bridge-client.ts';
export type { ClientStream, StreamOptions } from './client-stream.ts';
export { readBridgeFile, writeBridgeFile } from './bridge-file.ts';
export type { BridgeFile } from './bridge-file.ts';
export { connectDaemon, findDaemon } from './find-daemon.ts';
export { createIpcEndpoints } from './endpoint.ts';
export type { Endpoints, OwnedEndpoints } from './endpoint.ts';
export { PROTOCOL_VERSION } from './message.ts';
export { WireErrorCode } from './errors.ts';
export { createStreamHub } from './stream/stream-hub.ts';
export type { StreamHub, StreamHubOptions } from './stream/stream-hub.ts';
export type { StreamHistory } from './stream/history-replay.ts';
export { serveStream } from './stream/serve-stream.ts';
export type { ServeStreamOptions, StreamHandle } from './stream/serve-stream.ts';
export type { StreamStats } from './stream/stream-sessions.ts';
export { openDataStream } from './stream/data-stream.ts';
export type {
  AllOptions,
  DataStream,
  DataStreamOptions,
  StreamMemoryRow,
  StreamOptimizationRow,
  StreamProcessRow,
  SubscribeOptions,
  TableOptions,
} from './stream/data-stream.ts';
export {
  encodeSubscribeMessage,
  parseFilter,
  parseSubscribeMessage,
  parseSubscribeQuery,
} from './stream/stream-request.ts';
export { publishedKinds } from './stream/published-kinds.ts';
export { streamFormats, streamTransports } from './stream/stream-contract.ts';
export type {
  GapEvent,
  HelloEvent,
  OverflowPolicy,
  RecordEvent,
  StreamEvent,
  StreamFilter,
  StreamFormat,
  StreamKinds,
  StreamPosition,
  StreamRequest,
  StreamTable,
  StreamTransport,
} from './stream/stream-contract.ts';
export { guardServer, guardSocket } from './guard-socket.ts';
