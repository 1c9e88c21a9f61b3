// Hosts of a fleet as child processes, a folder for what they write, and what DuckDB finds in a lake.
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import type { PublisherStatus } from '../../../src/fleet/index.ts';
import { startJsonChild } from '../json-child.ts';
import type { JsonChild } from '../json-child.ts';
import { mondayMs } from '../memory-rows.ts';
import type { HostChildOptions } from './host-child.ts';

/** A folder of a test's own. */
export async function createFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'rvm-fleet-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** What a host says of itself. */
export type HostStatus = PublisherStatus & {
  readonly appended: number;
  readonly slowestMs: number;
  readonly logged: readonly string[];
};

/** A running host. */
export interface TestFleetHost extends JsonChild {
  status(): Promise<HostStatus>;
}

/** A file system of its own for a host. */
export interface HostDisk {
  readonly path: string;
  readonly kib: number;
}

/** Starts a host. `startMs` is a Monday unless it is given. @param disk a tmpfs that nobody else sees */
export async function startHost(
  options: Omit<HostChildOptions, 'startMs'> & { readonly startMs?: HostChildOptions['startMs'] },
  disk?: HostDisk,
): Promise<TestFleetHost> {
  const script = join(import.meta.dirname, 'host-child.ts');
  const node = [process.execPath, script, JSON.stringify({ startMs: mondayMs, ...options })];
  if (disk) await mkdir(disk.path, { recursive: true });
  const mount = `mount -t tmpfs -o size=${disk?.kib}k none "${disk?.path}"; exec "$@"`;
  const [command, ...words] = disk ? ['unshare', '-rm', 'bash', '-ec', mount, '-', ...node] : node;
  const child = startJsonChild(command!, words);
  await child.read();
  return { ...child, status: () => child.ask<HostStatus>('status') };
}

/** Rows of one host in a lake. */
export interface LakeHost {
  readonly host: string;
  readonly rows: number;
  /** Different times: fewer than rows means that some are there twice. */
  readonly times: number;
  readonly firstMs: number;
  readonly lastMs: number;
}

/** Asks DuckDB, by whom the rows in a lake are counted. */
export async function askLake(sql: string): Promise<Record<string, unknown>[]> {
  const instance = await DuckDBInstance.create();
  try {
    const connection = await instance.connect();
    const reader = await connection.runAndReadAll(sql);
    connection.closeSync();
    return reader.getRowObjectsJson();
  } finally {
    instance.closeSync();
  }
}

/** Every host's memory rows. */
export async function readLake(lake: string, kind = 'memory'): Promise<LakeHost[]> {
  const files = await readdir(join(lake, kind), { recursive: true }).catch(() => []);
  if (!files.some((name) => name.endsWith('.parquet'))) return [];
  const rows = await askLake(`
    select host, count(*)::int as rows, count(distinct timestamp)::int as times,
           epoch_ms(min(timestamp)) as "firstMs", epoch_ms(max(timestamp)) as "lastMs"
    from read_parquet('${lake}/${kind}/**/*.parquet', hive_partitioning = true, union_by_name = true)
    group by host order by host`);
  return rows.map(({ firstMs, lastMs, ...row }) => ({
    ...row,
    firstMs: Number(firstMs),
    lastMs: Number(lastMs),
  })) as LakeHost[];
}
