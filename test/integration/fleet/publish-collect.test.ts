// Hosts publish, a real NATS server is killed, stopped and fed twice, and a lake has every row once.
import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { collectFleet } from '../../../src/fleet/index.ts';
import type { CollectOptions } from '../../../src/fleet/index.ts';
import { createFolder, readLake, startHost } from '../../support/fleet/fleet-hosts.ts';
import type { TestFleetHost } from '../../support/fleet/fleet-hosts.ts';
import { mondayMs } from '../../support/memory-rows.ts';
import { startNats, startNatsCluster } from '../../support/nats-server.ts';
import { createPrintedRandom } from '../../support/random.ts';
import { until } from '../../support/until.ts';

/** Collects what is there, and ends. */
const collect = (servers: string, lake: string, more: Partial<CollectOptions> = {}) =>
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
    // 40 rows a second a host, while the server goes and comes.
    const appended = Promise.all(started.map((host) => host.ask('append 400 10000')));
    for (let i = 0; i < 20; i++) {
      await sleep(random() * 300);
      await server.stop('SIGKILL');
      await sleep(random() * 100);
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
});
