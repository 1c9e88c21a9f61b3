// The database of a command: one that a URL names, or a PGlite in this process, which needs nothing installed.
import { requireExtra } from '../../core/index.ts';
import { steerConnectError } from './errors.ts';

/** An open connection with the client that is to be steered. */
export interface OpenDatabase extends AsyncDisposable {
  readonly engine: 'postgres' | 'pglite';
  readonly client: { query(sql: string): Promise<{ rows: unknown[] }> };
  /** A script of several statements. */
  exec(script: string): Promise<void>;
}

/** @throws RuvectorError `ERR_STEER_CONNECT` */
export async function openServer(url: string): Promise<OpenDatabase> {
  const { Client } = (await import('pg')).default;
  const client = new Client({ connectionString: url });
  // A connection that is lost says so to whoever runs a statement.
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (error) {
    throw steerConnectError(maskPassword(url), error);
  }
  return {
    engine: 'postgres',
    client,
    exec: async (script) => void (await client.query(script)),
    [Symbol.asyncDispose]: () => client.end(),
  };
}

/**
 * A PGlite in memory, with pgvector.
 * @throws RuvectorError `ERR_APP_EXTRA` where it is not installed
 */
export async function openEmbedded(): Promise<OpenDatabase> {
  requireExtra('pglite');
  const [{ PGlite }, { vector }] = await Promise.all([
    import('@electric-sql/pglite'),
    import('@electric-sql/pglite-pgvector'),
  ]);
  const client = await PGlite.create({ extensions: { vector } });
  await client.exec('CREATE EXTENSION vector');
  return {
    engine: 'pglite',
    client,
    exec: async (script) => void (await client.exec(script)),
    [Symbol.asyncDispose]: () => client.close(),
  };
}

/** For messages, and names of files. */
export function maskPassword(url: string): string {
  try {
    const parsed = new URL(url);
    if (parsed.password !== '') parsed.password = '***';
    return parsed.toString();
  } catch {
    return url.replace(/:[^:@/]*@/, ':***@');
  }
}
