// Databases and sockets as parts that can be named.
import type { OptionTable } from '../../core/index.ts';
import { openPostgresSink } from '../connectors/postgres-sink.ts';
import { openPostgresSource } from '../connectors/postgres-source.ts';
import { rowTypes } from '../connectors/row-columns.ts';
import { openSqliteSource } from '../connectors/sqlite-source.ts';
import { openSqliteTableSink } from '../connectors/sqlite-table-sink.ts';
import { openWebSocketSource } from '../connectors/websocket-source.ts';
import { openZeromqSink } from '../connectors/zeromq-sink.ts';
import { openZeromqSource } from '../connectors/zeromq-source.ts';
import { defineSink, defineSource } from './define-part.ts';
import type { PartRegistry } from './plugin-entry.ts';

const typesText = `types are ${Object.keys(rowTypes).join(', ')}`;

const query = { type: 'text', about: 'the query', example: 'SELECT * FROM samples ORDER BY id' } as const;
const ordered = {
  type: 'boolean',
  default: false,
  about:
    'the query gives its rows in the same order each time, so that a run that was killed can go on behind them',
  example: true,
} as const;
const connection = {
  type: 'text',
  defaultText: 'what PGHOST, PGUSER and the others say',
  about: '`postgres://user:password@host:port/database`',
  example: 'postgres://me@127.0.0.1/metrics',
} as const;
const table = { type: 'text', about: 'the table, also as `schema.table`', example: 'samples' } as const;
const replace = {
  type: 'boolean',
  default: false,
  about: 'remove the rows that the table has, in the same transaction',
  example: true,
} as const;

/** When a source that does not end by itself ends. */
export const limitOptions = {
  rows: {
    type: 'integer',
    range: { min: 1 },
    wanted: 'a whole number above 0',
    about: 'end after so many rows',
    example: 10_000,
  },
  forMs: {
    type: 'number',
    unit: 'ms',
    range: { above: 0 },
    wanted: 'a time above 0',
    about: 'end after so long',
    example: 60_000,
  },
} as const satisfies OptionTable;

const topic = {
  type: 'text',
  default: '',
  defaultText: 'none',
  about: 'what messages begin with',
  example: 'memory',
} as const;

const sqliteSource = defineSource({
  name: 'sqlite',
  about: 'a query of a SQLite file; JavaScript touches each value',
  options: {
    path: { type: 'text', about: 'the file', example: 'metrics.db' },
    query,
    types: {
      type: 'names',
      defaultText: 'as declared, else as in the first rows',
      wanted: 'a list like [at:timestamp]',
      about: `types of columns as \`name:type\`; ${typesText}`,
      example: ['at:timestamp'],
    },
    ordered,
  },
  required: ['path', 'query'],
  paths: ['path'],
  create: ({ path, query: sql, types, ordered: isOrdered }) => ({
    name: 'sqlite',
    open: async () => openSqliteSource({ path, query: sql, types: types ?? [], ordered: isOrdered }),
  }),
});

const postgresSource = defineSource({
  name: 'postgres',
  about: 'a query of PostgreSQL, by COPY in binary: one snapshot, bounded memory, no rows in JavaScript',
  options: {
    connection,
    query,
    numeric: {
      type: 'choice',
      choices: ['float64', 'text'],
      default: 'float64',
      about: 'how `numeric` comes: fast and rounded, or exact',
      example: 'text',
    },
    ordered,
  },
  required: ['query'],
  create: ({ connection: url, query: sql, numeric, ordered: isOrdered }) => ({
    name: 'postgres',
    open: () => openPostgresSource({ connection: url, query: sql, numeric, ordered: isOrdered }),
  }),
});

const websocketSource = defineSource({
  name: 'websocket',
  about: 'what a WebSocket server sends; a sender that is too fast is stopped by TCP',
  options: {
    url: { type: 'text', about: '`ws://host:port/path` or `wss://…`', example: 'ws://127.0.0.1:9000/' },
    format: {
      type: 'choice',
      choices: ['jsonlines', 'arrow'],
      default: 'jsonlines',
      about: 'JSON Lines, or each message an Arrow IPC stream',
      example: 'arrow',
    },
    columns: {
      type: 'names',
      defaultText: 'those of the first message',
      wanted: 'a list like [time:timestamp, value:float64]',
      about: `fields of a line as \`name:type\`; ${typesText}`,
      example: ['time:timestamp', 'value:float64'],
    },
    send: {
      type: 'text',
      about: 'a text that is sent first, to subscribe',
      example: '{"subscribe":"memory"}',
    },
    token: { type: 'text', about: 'sent as `Authorization: Bearer …`', example: 'secret' },
    ...limitOptions,
  },
  required: ['url'],
  create: (options) => ({ name: 'websocket', open: () => openWebSocketSource(withoutUndefined(options)) }),
});

const zeromqSource = defineSource({
  name: 'zeromq',
  about: 'Arrow IPC streams from a ZeroMQ socket, until its sender says that it is done',
  options: {
    endpoint: { type: 'text', about: '`tcp://host:port` or `ipc:///path`', example: 'tcp://127.0.0.1:5556' },
    socket: {
      type: 'choice',
      choices: ['sub', 'pull'],
      default: 'sub',
      about: 'the kind of socket',
      example: 'pull',
    },
    topic,
    bind: { type: 'boolean', default: false, about: 'listen there instead of connecting', example: true },
    ...limitOptions,
  },
  required: ['endpoint'],
  create: (options) => ({ name: 'zeromq', open: () => openZeromqSource(withoutUndefined(options)) }),
});

const sqliteSink = defineSink({
  name: 'sqlite-table',
  about: 'rows into a table of a SQLite file, all or none; JavaScript touches each value',
  options: {
    path: { type: 'text', about: 'the file, which is made when it is missing', example: 'metrics.db' },
    table: { ...table, about: 'the table' },
    create: { type: 'boolean', default: true, about: 'make the table when it is missing', example: false },
    replace,
  },
  required: ['path', 'table'],
  paths: ['path'],
  create: (options) => ({ name: 'sqlite-table', open: async () => openSqliteTableSink(options) }),
});

const postgresSink = defineSink({
  name: 'postgres',
  about: 'rows into a table of PostgreSQL by COPY, all or none; JavaScript writes each value as text',
  options: {
    connection,
    table,
    create: { type: 'boolean', default: false, about: 'make the table when it is missing', example: true },
    replace,
  },
  required: ['table'],
  create: (options) => ({ name: 'postgres', open: () => openPostgresSink(options) }),
});

const zeromqSink = defineSink({
  name: 'zeromq',
  about: 'Arrow IPC streams into a ZeroMQ socket, which waits for those who read',
  options: {
    endpoint: {
      type: 'text',
      about: '`tcp://127.0.0.1:port` or `ipc:///path`',
      example: 'ipc:///tmp/batches',
    },
    socket: {
      type: 'choice',
      choices: ['pub', 'push'],
      default: 'pub',
      about: 'the kind of socket',
      example: 'push',
    },
    topic,
    bind: {
      type: 'boolean',
      default: true,
      about: 'listen there, on this machine only, or connect',
      example: false,
    },
    subscribers: {
      type: 'integer',
      range: { min: 0 },
      wanted: 'a whole number from 0',
      default: 1,
      about: 'subscribers that a `pub` waits for before its first batch',
      example: 2,
    },
    lingerMs: {
      type: 'number',
      unit: 'ms',
      range: { min: 0 },
      wanted: 'a time from 0',
      default: 10_000,
      about: 'how long it stays at most behind its end, for peers that are still reading',
      example: 60_000,
    },
  },
  required: ['endpoint'],
  create: (options) => ({ name: 'zeromq', open: () => openZeromqSink(options) }),
});

/** What was not given is not there, instead of undefined. */
function withoutUndefined<T extends object>(options: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never;
}

/** Registers them. */
export function registerConnectors(registry: PartRegistry): void {
  for (const source of [sqliteSource, postgresSource, websocketSource, zeromqSource]) registry.source(source);
  for (const sink of [sqliteSink, postgresSink, zeromqSink]) registry.sink(sink);
}
