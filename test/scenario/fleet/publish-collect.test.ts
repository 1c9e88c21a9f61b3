// Hosts publish, a real NATS server is killed, stopped and fed twice, and a lake has every row once.
import { existsSync } from 'node:fs';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { zstdCompressSync } from 'node:zlib';
import * as arrow from 'apache-arrow';
import { describe, expect, it } from 'vitest';
import { collectFleet } from '../../../src/fleet/index.ts';
import type { CollectFleetOptions } from '../../../src/fleet/index.ts';
import { askLake, createFolder, readLake, startHost } from '../../support/fleet/fleet-hosts.ts';
import type { TestFleetHost } from '../../support/fleet/fleet-hosts.ts';
import { createRepeater, findHolder, publishRaw } from '../../support/fleet/raw-messages.ts';
import { mondayMs } from '../../support/memory-rows.ts';
import { startNats, startNatsCluster } from '../../support/nats-server.ts';
import { createPrintedRandom } from '../../support/random.ts';
import { until } from '../../support/until.ts';

/** Collects what is there, and ends. */
const collect = (servers: string, lake: string, more: Partial<CollectFleetOptions> = {}) =>
  collectFleet({
    access: { servers },
    lake,
    signal: AbortSignal.timeout(100_000),
    once: true,
    ...more,
  });

const whole = (host: string, rows: number) => ({
  host,
  rows,
  times: rows,
  firstMs: mondayMs,
  lastMs: mondayMs + (rows - 1) * 1000,
});

const drainAll = (hosts: readonly TestFleetHost[]): Promise<unknown> =>
  Promise.all(hosts.map((host) => host.ask('drain')));

describe('collectFleet()', () => {
  it('has every row of 5 hosts once when the server is killed and started 20 times while they publish', async () => {
    const random = createPrintedRandom('moments of kills');
    await using folder = await createFolder();
    await using server = await startNats();
    const lake = join(folder.path, 'lake');
    await collect(server.url, lake);
    const names = ['a', 'b', 'c', 'd', 'e'];
    await using hosts = new AsyncDisposableStack();
    const started = await Promise.all(
      names.map(async (host) =>
        hosts.use(await startHost({ folder: join(folder.path, host), servers: server.url, host })),
      ),
    );
    const stopped = new AbortController();
    const collected = collect(server.url, lake, {
      once: false,
      signal: stopped.signal,
      fileMs: 500,
    });
    // 66 rows a second a host, while the server goes and comes.
    const appended = Promise.all(started.map((host) => host.ask('append 400 6000')));
    for (let i = 0; i < 20; i++) {
      await sleep(random() * 150);
      await server.stop('SIGKILL');
      await sleep(random() * 60);
      await server.start();
    }
    await appended;
    await drainAll(started);
    for (const host of started) {
      expect(await host.status()).toMatchObject({
        sentRows: 400,
        waiting: { batches: 0 },
        dropped: { rows: 0 },
      });
    }
    stopped.abort();
    await collected;
    const rest = await collect(server.url, lake);
    expect(rest.refused).toBe(0);
    expect(await readLake(lake)).toEqual(names.map((host) => whole(host, 400)));
  });

  it('has an hour of a host that was offline meanwhile, from its outbox, and what came after', async () => {
    await using folder = await createFolder();
    await using server = await startNats();
    const lake = join(folder.path, 'lake');
    await collect(server.url, lake);
    await using host = await startHost({ folder: folder.path, servers: server.url, host: 'far' });
    await host.ask('append 60');
    await host.ask('drain');
    await server.stop();
    await host.ask('append 3600');
    await until(async () => (await host.status()).gatheredRows === 0, 'the outbox had the hour');
    const away = await host.status();
    expect(away).toMatchObject({ waiting: { rows: 3600 }, dropped: { rows: 0 }, isConnected: false });
    expect(away.lastError?.code).toBe('ERR_FLEET_UNREACHABLE');
    await server.start();
    await host.ask('append 60');
    await host.ask('drain');
    await collect(server.url, lake);
    expect(await readLake(lake)).toEqual([whole('far', 3720)]);
  });

  it('takes a batch once that comes twice: at once, later and after the collector began anew', async () => {
    await using folder = await createFolder();
    await using server = await startNats();
    const lake = join(folder.path, 'lake');
    await using repeater = await createRepeater(server.url);
    await using host = await startHost({ folder: folder.path, servers: server.url, host: 'twice' });
    await host.ask('append 100');
    await host.ask('drain');
    const sent = await repeater.repeat();
    expect(sent).toBeGreaterThan(0);
    expect(await collect(server.url, lake)).toMatchObject({ rows: 100, duplicates: sent, missing: 0 });
    await repeater.repeat();
    expect(await collect(server.url, lake)).toMatchObject({ rows: 0, duplicates: sent });
    expect(await readLake(lake)).toEqual([whole('twice', 100)]);
  });

  it('keeps what is no batch out of the lake, says so, and goes on', async () => {
    await using folder = await createFolder();
    await using server = await startNats();
    const lake = join(folder.path, 'lake');
    await collect(server.url, lake);
    await using host = await startHost({ folder: folder.path, servers: server.url, host: 'good' });
    await host.ask('append 10');
    await host.ask('drain');
    const rows: arrow.Table = arrow.tableFromArrays({ value: Int32Array.of(1, 2) });
    const stream = zstdCompressSync(arrow.tableToIPC(rows, 'stream'));
    const id = (of: string, kind = 'memory') => ({ 'Nats-Msg-Id': `${of}.epoch1.${kind}.1` });
    await publishRaw(server.url, [
      ['ruvector.fleet.rows.bad.memory', Buffer.from('no zstd'), id('bad')],
      ['ruvector.fleet.rows.bad.memory', stream, id('bad', 'process')],
      ['ruvector.fleet.rows.bad.memory', stream, id('good')],
      ['ruvector.fleet.rows.bad.memory', stream, {}],
      ['ruvector.fleet.rows.worse.memory', stream, id('worse')],
      ['ruvector.fleet.rows.bomb.memory', zstdCompressSync(Buffer.alloc(200 * 2 ** 20)), id('bomb')],
    ]);
    const said: string[] = [];
    const report = await collect(server.url, lake, { onLog: (text) => said.push(text) });
    expect(report).toMatchObject({ rows: 10, refused: 6 });
    expect(said).toHaveLength(6);
    for (const text of said) expect(text).toMatch(/^ERR_FLEET_BATCH: Cannot take message on "ruvector/);
    expect(await readLake(lake)).toEqual([whole('good', 10)]);
    // They do not come again.
    expect(await collect(server.url, lake)).toMatchObject({ refused: 0 });
  });

  it('writes a day that ends within a batch into two dates, and a batch of two days once when it comes again', async () => {
    await using folder = await createFolder();
    await using server = await startNats();
    const lake = join(folder.path, 'lake');
    await using repeater = await createRepeater(server.url);
    const startMs = mondayMs + 86_400_000 - 5000;
    await using host = await startHost({
      folder: folder.path,
      servers: server.url,
      host: 'late',
      startMs,
      batchMs: 500,
    });
    await host.ask('append 10');
    await host.ask('drain');
    await collect(server.url, lake);
    // As if it had been killed between the two files.
    const [first] = await readdir(join(lake, 'memory/host=late/date=2024-01-02'));
    await rm(join(lake, 'memory/host=late/date=2024-01-02', first!));
    await repeater.repeat();
    await collect(server.url, lake);
    const days = await askLake(
      `select date::varchar as date, count(*)::int as rows
       from read_parquet('${lake}/memory/*/*/*.parquet', hive_partitioning = true) group by 1 order by 1`,
    );
    expect(days).toEqual([
      { date: '2024-01-01', rows: 5 },
      { date: '2024-01-02', rows: 5 },
    ]);
  });

  it('goes on over the other server of a cluster when one is killed', async () => {
    await using folder = await createFolder();
    const [one, other] = await startNatsCluster();
    await using _one = one;
    await using _other = other;
    const lake = join(folder.path, 'lake');
    const servers = `${one.url},${other.url}`;
    // The cluster has elected itself when the stream can be made.
    await until(async () => (await collect(servers, lake).catch(() => null)) !== null, 'the cluster stood');
    const holder = await findHolder(servers);
    const [stays, goes] = holder === 'server-0' ? [one, other] : [other, one];
    await using host = await startHost({
      folder: folder.path,
      servers: `${goes.url},${stays.url}`,
      host: 'pair',
    });
    const appended = host.ask('append 200 3000');
    await until(async () => (await host.status()).sentRows > 20, 'rows went over the first server');
    await goes.stop('SIGKILL');
    await appended;
    await host.ask('drain');
    expect(await host.status()).toMatchObject({ sentRows: 200 });
    // The server that stays may close and open its connections once more while it learns that it is alone.
    await until(async () => (await host.status()).isConnected, 'it is connected');
    await goes.start();
    await until(async () => (await collect(servers, lake).catch(() => null)) !== null, 'it stood again');
    expect(await readLake(lake)).toEqual([whole('pair', 200)]);
  });

  it('refuses a folder that is no lake, one that another collector has, and a stream of another lake', async () => {
    await using folder = await createFolder();
    await using server = await startNats();
    await writeFile(join(folder.path, 'notes.txt'), 'mine');
    const refused = { code: 'ERR_FLEET_LAKE' };
    await expect(collect(server.url, folder.path)).rejects.toMatchObject(refused);
    const lake = join(folder.path, 'lake');
    const stopped = new AbortController();
    const first = collect(server.url, lake, { once: false, signal: stopped.signal });
    await until(async () => existsSync(join(lake, '_fleet/lake.json')));
    await expect(collect(server.url, lake)).rejects.toMatchObject(refused);
    stopped.abort();
    await first;
    // It may have been stopped before it spoke to the server.
    await collect(server.url, lake);
    await expect(collect(server.url, join(folder.path, 'second'))).rejects.toMatchObject({
      code: 'ERR_FLEET_STREAM',
      message: expect.stringContaining('another lake') as string,
    });
  });
});
