// bridge: requests and Arrow record batches to other processes of this machine, over ZeroMQ (ipc or loopback TCP),
// with credits, sequence numbers and a drain before every close. Not: what is asked or read, which src/app gives
// it, and not the live streams, which are src/stream
// (docs/protocol.md, the specification, calls a reading of batches a stream too).
export { createBridgeServer } from './bridge-server.ts';
export type { BridgeEvent, BridgeServer, BridgeServerOptions, BridgeStats } from './bridge-server.ts';
export { lookAtBatchMemory } from './batch-memory.ts';
export type { BatchMemoryOptions, BatchMemoryStats, BatchTransport } from './batch-memory.ts';
export type { BulkKind, RemoteAccess } from './bridge-access.ts';
export type { RequestContext, RequestHandler, RequestResult } from './request-plane.ts';
export type { OpenedBatches, BatchFeed } from './batch-session.ts';
export { connectBridge } from './bridge-client.ts';
export type { BridgeClient, ConnectOptions, RequestOptions, RequestReply } from './bridge-client.ts';
export type { ClientBatches, BatchOptions } from './client-batches.ts';
export { readBridgeFile, writeBridgeFile } from './bridge-file.ts';
export type { BridgeFile } from './bridge-file.ts';
export { connectDaemon, connectRemoteDaemon, findDaemon } from './find-daemon.ts';
export type { RemoteDaemon } from './find-daemon.ts';
export { PROTOCOL_VERSION } from './message.ts';
