// A real PostgreSQL of a test's own: a new cluster in a temporary folder, on a free port of the loopback. It refuses to
// run as root, who then hands it to the user nobody.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';
import { chmod, chown, mkdtemp, rm } from 'node:fs/promises';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import type { QueryResult } from 'pg';
import { findFreePort } from '../free-port.ts';
import { until } from '../until.ts';

/** A running server. */
export interface PostgresServer extends AsyncDisposable {
  /** `postgres://…`, of a superuser. */
  readonly url: string;
  /** Runs statements on a connection of its own. */
  query(sql: string): Promise<QueryResult>;
}

const NOBODY = 65_534;

function findPrograms(): string {
  const folders = [
    ...(process.env['POSTGRES_BIN'] === undefined ? [] : [process.env['POSTGRES_BIN']]),
    ...globSync('/usr/lib/postgresql/*/bin').toSorted().toReversed(),
    ...(process.env['PATH'] ?? '').split(':'),
  ];
  const found = folders.find(
    (folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres')),
  );
  if (found === undefined)
    throw new Error('PostgreSQL is missing: apt-get install postgresql, or set POSTGRES_BIN');
  return found;
}

/** Starts it, with nothing that makes its data last. */
export async function startPostgres(): Promise<PostgresServer> {
  const programs = findPrograms();
  const folder = await mkdtemp(join(tmpdir(), 'rvm-postgres-'));
  const isRoot = process.getuid?.() === 0;
  const as = isRoot ? { uid: NOBODY, gid: NOBODY } : {};
  await chmod(folder, 0o700);
  if (isRoot) await chown(folder, NOBODY, NOBODY);
  const data = join(folder, 'data');
  const env = { ...process.env, LC_ALL: 'C', HOME: folder };
  const cluster = ['-D', data, '-U', 'tester', '--auth=trust', '--encoding=UTF8', '--no-sync'];
  execFileSync(join(programs, 'initdb'), cluster, { ...as, env, cwd: folder, stdio: 'ignore' });
  const port = await findFreePort();
  const settings = {
    fsync: 'off',
    full_page_writes: 'off',
    unix_socket_directories: '',
    listen_addresses: '127.0.0.1',
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const child = spawn(join(programs, 'postgres'), ['-D', data, '-p', String(port), ...flags], {
    ...as,
    env,
    cwd: folder,
    stdio: 'ignore',
  });
  const exited = once(child, 'exit');
  const url = `postgres://tester@127.0.0.1:${port}/postgres`;
  const query = async (sql: string): Promise<QueryResult> => {
    const client = new Client({ connectionString: url });
    try {
      await client.connect();
      return await client.query(sql);
    } finally {
      await client.end();
    }
  };
  const answers = (): Promise<boolean> => query('SELECT 1').then(Boolean, () => false);
  await until(answers, 'PostgreSQL answered');
  return {
    url,
    query,
    [Symbol.asyncDispose]: async () => {
      // Fast shutdown: sessions are ended.
      child.kill('SIGINT');
      await exited;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
