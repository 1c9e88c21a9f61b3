// stream: live telemetry for whoever reads: a hub with one log a table, four formats, three transports, one client.
// Not: the requests and training sets of the bridge, and not where records come from. Specification: docs/streams.md
export { createStreamHub } from './hub/stream-hub.ts';
export type { HubSubscription, StreamHub, StreamHubOptions } from './hub/stream-hub.ts';
export type { StreamHistory } from './hub/history-replay.ts';
export { isRemoteEndpoint, parseStreamEndpoint } from './stream-endpoint.ts';
export { readCertificate } from './transports/certificate.ts';
export type { TlsFiles } from './transports/certificate.ts';
export { serveStream } from './serve-stream.ts';
export type { ServeStreamOptions, StreamHandle } from './serve-stream.ts';
export type { StreamStats } from './transports/stream-sessions.ts';
export { openDataStream } from './client/data-stream.ts';
export type {
  AllOptions,
  DataStream,
  DataStreamOptions,
  StreamMemoryRow,
  StreamOptimizationRow,
  StreamProcessRow,
  SubscribeOptions,
  TableOptions,
} from './client/data-stream.ts';
export {
  encodeSubscribeMessage,
  parseFilter,
  parseSubscribeMessage,
  parseSubscribeQuery,
} from './stream-request.ts';
export { streamDefaults, streamOptions } from './stream-options.ts';
export { publishedKinds } from './published-kinds.ts';
export { streamFormats, streamTransports } from './stream-contract.ts';
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
} from './stream-contract.ts';
