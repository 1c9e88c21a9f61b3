// `steer(client)`: a client's own `query`, steered.
import { duckdbArms, postgresArms } from './arms.ts';
import type { SteeredDatabase } from './database.ts';
import { createDuckDbDatabase, isDuckDb } from './duckdb.ts';
import { steerClientError } from './errors.ts';
import { checkSteerOptions } from './options.ts';
import type { SteerOptions } from './options.ts';
import { createPgliteDatabase, isPglite } from './pglite.ts';
import { createPostgresDatabase, isPgClient } from './postgres.ts';
import { SteeredConnection } from './steering.ts';
import { closeSteeringMemory, openSteeringMemory } from './steering-memory.ts';
import { Steering } from './steering-report.ts';

/** A client whose queries are steered: its `query` takes and gives what the client's own does. */
export interface SteeredClient<Query> extends AsyncDisposable {
  readonly query: Query;
  readonly steering: Steering;
  /** Keeps what was learned. The client stays open, and is not steered any more. */
  close(): Promise<void>;
}

/** `query`, or `runAndReadAll` of DuckDB, which has no `query`. */
export type QueryOf<Client> = Client extends { query: infer Query }
  ? Query
  : Client extends { runAndReadAll: infer Query }
    ? Query
    : never;

/**
 * Steers a connected `pg` client (also one of a pool), a PGlite or a DuckDB connection.
 * @throws RuvectorError `ERR_STEER_CLIENT`, `ERR_STEER_OPTION`, `ERR_STEER_STATE`
 */
export async function steer<Client extends object>(
  client: Client,
  options: SteerOptions = {},
): Promise<SteeredClient<QueryOf<Client>>> {
  checkSteerOptions(options);
  const database = createDatabase(client, options.nowMs ?? (() => performance.now()));
  const arms = database.engine === 'duckdb' ? duckdbArms : postgresArms;
  const memory = await openSteeringMemory(database.engine, arms, options);
  const connection = new SteeredConnection(database, memory, arms, options);
  let isClosed = false;
  const close = async (): Promise<void> => {
    if (isClosed) return;
    isClosed = true;
    await connection.close();
    await closeSteeringMemory(memory, options.stateFile);
  };
  return {
    query: ((...args: readonly unknown[]) => callOf(connection, args)) as QueryOf<Client>,
    steering: new Steering(connection),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function createDatabase(client: unknown, nowMs: () => number): SteeredDatabase {
  if (isPglite(client)) return createPgliteDatabase(client, nowMs);
  if (isDuckDb(client)) return createDuckDbDatabase(client, nowMs);
  if (isPgClient(client)) return createPostgresDatabase(client, nowMs);
  throw steerClientError(
    describeClient(client),
    'give a connected pg client, one of a pool, a PGlite or a DuckDB connection',
  );
}

function describeClient(client: unknown): string {
  if (typeof client !== 'object' || client === null) return String(client);
  return client.constructor?.name ?? 'an object';
}

/** With a callback as the last argument, as `pg` allows. */
function callOf(connection: SteeredConnection, args: readonly unknown[]): unknown {
  const callback = args.at(-1);
  if (typeof callback !== 'function') return connection.handle(args);
  const answer = callback as (error: unknown, result?: unknown) => void;
  const result = connection.handle(args.slice(0, -1));
  Promise.resolve(result).then(
    (value) => answer(null, value),
    (error: unknown) => answer(error),
  );
  return undefined;
}
