// A `pg` client: settings, statement and the end of both travel in one round trip. Extended messages up to a Sync are one
// transaction, so `set_config(..., is_local)` ends with it, whether the statement succeeds, fails or is stopped.
// https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-PIPELINING
import { postgresInspector } from './catalog.ts';
import { setConfigCall } from './postgres-settings.ts';
import type { ArmSettings, SteeredCall, SteeredDatabase, TimedResult } from './database.ts';

/** What is used of a pg connection. */
interface PgConnection {
  readonly stream: { cork?: () => void; uncork?: () => void };
  on(event: 'readyForQuery', listen: (message: { status?: string }) => void): unknown;
  parse(query: { text: string; name?: string }): void;
  bind(config: { values?: readonly unknown[] }): void;
  execute(config: object): void;
  sync(): void;
}

/** What is used of pg's Query; it is what a client calls, message by message. */
interface PgQuery {
  callback: ((error: Error | null, result?: unknown) => void) | undefined;
  query_timeout?: unknown;
  submit(connection: PgConnection): Error | null;
  handleDataRow(message: unknown): void;
  handleCommandComplete(message: unknown, connection: PgConnection): void;
}

type PgQueryConfig = Readonly<Record<string, unknown>>;

/** What is used of a pg client. */
export interface PgClient {
  readonly connection: PgConnection;
  readonly pipeline?: boolean;
  getTransactionStatus?(): string | null;
  query(...args: unknown[]): unknown;
}

interface PgQueryClass {
  new (config: PgQueryConfig): PgQuery;
}

const STOPPED = '57014';

/** True for a client of the package pg, from a pool or not. */
export function isPgClient(client: unknown): client is PgClient {
  if (typeof client !== 'object' || client === null || !('connection' in client)) return false;
  const { connection } = client;
  return typeof connection === 'object' && connection !== null && 'parsedStatements' in connection;
}

/** @param nowMs monotonic */
export function createPostgresDatabase(client: PgClient, nowMs: () => number): SteeredDatabase {
  // Unknown until the server has said so once.
  let status = client.getTransactionStatus?.() ?? 'I';
  client.connection.on('readyForQuery', (message) => (status = message.status ?? 'I'));
  const Query = (client.constructor as unknown as { readonly Query: PgQueryClass }).Query;

  const send = (query: PgQuery, timeoutOption: unknown): Promise<unknown> =>
    new Promise((resolve, reject) => {
      if (timeoutOption !== undefined) query.query_timeout = timeoutOption;
      query.callback = (error, result) => (error ? reject(error) : resolve(result));
      client.query(query);
    });

  /** Runs a query whose submission is replaced; the clock starts when it is its turn. */
  const time = async (
    config: PgQueryConfig,
    submit: (query: PgQuery, connection: PgConnection) => Error | null,
  ): Promise<TimedResult> => {
    const query = new Query(config);
    let startMs = nowMs();
    query.submit = (connection) => {
      startMs = nowMs();
      return submit(query, connection);
    };
    let endMs = 0;
    const result = await send(query, config['query_timeout']).finally(() => (endMs = nowMs()));
    return { result, ms: endMs - startMs };
  };

  const runUnder = (config: PgQueryConfig, settings: ArmSettings, timeoutMs: number | null) =>
    time({ ...config, name: undefined, queryMode: 'extended' }, (query, connection) =>
      status === 'I' ? submitUnder(Query, query, connection, settings, timeoutMs) : new TransactionOpen(),
    ).catch((error: unknown) => {
      if (error instanceof TransactionOpen) return null;
      throw error;
    });

  return {
    engine: 'postgres',
    canInterrupt: true,
    inspector: postgresInspector,
    isInTransaction: () => status !== 'I',
    readCall: (args) => (client.pipeline ? null : readPgCall(args)),
    pass: (args) => client.query(...args),
    run: (call) =>
      time(configOf(call), (query, connection) => Query.prototype.submit.call(query, connection)),
    runWith: (call, settings, timeoutMs) => runUnder(configOf(call), settings, timeoutMs),
    isTimeout: (error) => error instanceof Error && 'code' in error && error.code === STOPPED,
    isLost: (error) => {
      if (!(error instanceof Error)) return true;
      // 08: connection exception, 57P: the server goes down; an error without a code of SQL is the socket's.
      const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
      return !/^[\dA-Z]{5}$/.test(code) || /^(?:08|57P)/.test(code);
    },
    explain: async (call, settings) => {
      const config = { text: explainText(call), values: call.values };
      const timed = await runUnder(config, settings, null);
      return timed === null ? null : (timed.result as { rows: unknown[] }).rows[0];
    },
    ask: async (sql, values = []) => {
      const timed = await runUnder({ text: sql, values }, {}, null);
      return timed === null ? null : (timed.result as { rows: Record<string, unknown>[] }).rows;
    },
  };
}

/** A transaction of the user's began before it was the statement's turn. */
class TransactionOpen extends Error {}

export const explainText = ({ sql }: SteeredCall): string => `EXPLAIN (FORMAT JSON, VERBOSE) ${sql}`;

function configOf({ args }: SteeredCall): PgQueryConfig {
  const [first, second] = args;
  const config = typeof first === 'string' ? { text: first } : (first as PgQueryConfig);
  return Array.isArray(second) ? { ...config, values: second } : config;
}

/** Cursors, streams and pages of rows keep a portal open and are passed through. */
function readPgCall(args: readonly unknown[]): SteeredCall | null {
  const [first, second] = args;
  if (args.length > 2 || !isMissingOrList(second)) return null;
  if (typeof first === 'string') return { args, sql: first, values: second ?? [] };
  if (typeof first !== 'object' || first === null) return null;
  const config = first as PgQueryConfig;
  const values = second ?? config['values'];
  if (portalFields.some((field) => field in config) || !isMissingOrList(values)) return null;
  return typeof config['text'] === 'string' ? { args, sql: config['text'], values: values ?? [] } : null;
}

const portalFields = ['submit', 'rows', 'portal', 'callback'];
const isMissingOrList = (value: unknown): value is readonly unknown[] | undefined =>
  value === undefined || Array.isArray(value);

/** Sends settings and statement up to one Sync; what the settings answer is kept from the statement. */
function submitUnder(
  Query: PgQueryClass,
  query: PgQuery,
  connection: PgConnection,
  settings: ArmSettings,
  timeoutMs: number | null,
): Error | null {
  const own = Query.prototype as PgQuery;
  const before = setConfigCall(settings, timeoutMs);
  let isOwn = before === null;
  query.handleDataRow = (message) => {
    if (isOwn) own.handleDataRow.call(query, message);
  };
  query.handleCommandComplete = (message, at) => {
    if (isOwn) own.handleCommandComplete.call(query, message, at);
    isOwn = true;
  };
  connection.stream.cork?.();
  try {
    if (before !== null) {
      connection.parse({ text: before });
      connection.bind({});
      connection.execute({});
    }
    return own.submit.call(query, connection);
  } finally {
    connection.stream.uncork?.();
  }
}
