// A connection to PostgreSQL: by a URL, or as PGHOST, PGUSER and the others of libpq say. What errors show of it has no
// password.
import { Client } from 'pg';
import { connectionError } from './errors.ts';

/** Where a server is. */
export interface PostgresAddress {
  /** `postgres://user:password@host:port/database`. @default what PGHOST, PGPORT, PGUSER, PGDATABASE, ... say */
  readonly connection?: string | undefined;
}

const CONNECT_MS = 10_000;

/** Connects. @throws RuvectorError `ERR_PIPELINE_CONNECTION` */
export async function openPostgres(address: PostgresAddress): Promise<Client> {
  const client = createClient(address);
  // A server that goes away says so to whoever waits for it; nobody else has to hear of it.
  client.on('error', () => {});
  try {
    await client.connect();
    return client;
  } catch (cause) {
    throw connectionError('reach', describePostgres(client), cause);
  }
}

function createClient({ connection }: PostgresAddress): Client {
  try {
    return new Client({
      ...(connection !== undefined && { connectionString: connection }),
      connectionTimeoutMillis: CONNECT_MS,
      application_name: 'ruvector-memopt',
    });
  } catch (cause) {
    throw connectionError('reach', 'PostgreSQL at the given connection', cause);
  }
}

/** `PostgreSQL at 127.0.0.1:5432/postgres`. */
export function describePostgres({ host, port, database }: Client): string {
  return `PostgreSQL at ${host}:${port}/${database ?? ''}`;
}

/** Ends what a connection is doing, from another one: a server that computes does not look whether anybody listens. */
export async function cancelPostgres(address: PostgresAddress, busy: Client): Promise<void> {
  const { processID } = busy as Client & { readonly processID: number | null };
  try {
    const other = await openPostgres(address);
    await other.query('SELECT pg_cancel_backend($1)', [processID]);
    await other.end();
  } catch {
    // It is gone already, or ends when it next writes to the connection that is closed now.
  }
  destroyConnection(busy);
}

/** Closes a connection without a word; the server rolls back. */
export function destroyConnection(client: Client): void {
  const { connection } = client as Client & { readonly connection: { stream: { destroy(): void } } };
  connection.stream.destroy();
}

/** `public.samples` → `"public"."samples"`; a name that holds a point stands in quotes already. */
export function quoteTable(table: string): string {
  return (table.match(/"(?:[^"]|"")*"|[^.]+/g) ?? [table])
    .map((part) => (part.startsWith('"') ? part : quoteName(part)))
    .join('.');
}

/** A name as SQL writes it, whatever is in it. */
export const quoteName = (name: string): string => `"${name.replaceAll('"', '""')}"`;
