// bridge: requests and Arrow record batches to other processes of this machine, over ZeroMQ (ipc or loopback TCP),
// with credits, sequence numbers and a drain before every close. Not: what is asked or streamed, which
// src/app gives it, and not the live streams for readers, which are src/stream. Specification: docs/protocol.md
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
export { PROTOCOL_VERSION } from './message.ts';
