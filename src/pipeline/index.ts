// pipeline: rows from a source through stages into a sink, in bounded memory; what a native plan can do, one does.
// Not what the rows mean: histories, exports, features and models bring their own sources, stages and sinks.
export type * from './contract.ts';
export { openPostgresSink } from './connectors/postgres-sink.ts';
export type { PostgresSinkOptions } from './connectors/postgres-sink.ts';
export { openPostgresSource } from './connectors/postgres-source.ts';
export type { PostgresSourceOptions } from './connectors/postgres-source.ts';
export { openSqliteSource } from './connectors/sqlite-source.ts';
export type { SqliteSourceOptions } from './connectors/sqlite-source.ts';
export { openSqliteTableSink } from './connectors/sqlite-table-sink.ts';
export type { SqliteTableOptions } from './connectors/sqlite-table-sink.ts';
export { openWebSocketSource } from './connectors/websocket-source.ts';
export type { WebSocketSourceOptions } from './connectors/websocket-source.ts';
export { openZeromqSink } from './connectors/zeromq-sink.ts';
export type { ZeromqSinkOptions } from './connectors/zeromq-sink.ts';
export { openZeromqSource } from './connectors/zeromq-source.ts';
export type { ZeromqSourceOptions } from './connectors/zeromq-source.ts';
