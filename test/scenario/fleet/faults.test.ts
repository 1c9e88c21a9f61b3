// What goes wrong around a publisher and a collector: a full disk, a budget that is used up, a server that answers nothing,
// kills at any moment. Nothing hangs, nothing is lost that the budgets hold, and who collects telemetry never waits.
import { once } from 'node:events';
import { readdir, stat } from 'node:fs/promises';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { collectFleet } from '../../../src/fleet/index.ts';
import { createTestHome, finished, startCommand } from '../../support/daemon.ts';
import { createFolder, readLake, startHost } from '../../support/fleet/fleet-hosts.ts';
import { heldBy } from '../../support/fleet/raw-messages.ts';
import { mondayMs } from '../../support/memory-rows.ts';
import { startNats } from '../../support/nats-server.ts';
import { createPrintedRandom } from '../../support/random.ts';
import { until } from '../../support/until.ts';

const collect = (servers: string, lake: string) =>
  collectFleet({ access: { servers }, lake, signal: AbortSignal.timeout(100_000), once: true });

/** Files of a lake, whole or not, with the moments at which they were written. */
async function filesOf(lake: string): Promise<string[]> {
  const names = (await readdir(lake, { recursive: true })).filter((name) => name.includes('.parquet'));
  return Promise.all(
    names.map(async (name) => `${name} ${(await stat(join(lake, name)).catch(() => null))?.mtimeMs}`),
  );
}

const hasSmallDisk = spawnSync('unshare', ['-rm', 'true']).status === 0;

describe('publishToFleet()', () => {
  it.runIf(hasSmallDisk)(
    'waits with the rows in the history while the disk of its outbox is full, and sends every one when a server is there',
    async () => {
      await using folder = await createFolder();
      await using server = await startNats();
      const lake = join(folder.path, 'lake');
      await collect(server.url, lake);
      await server.stop();
      await using host = await startHost(
        {
          folder: join(folder.path, 'host'),
          outbox: join(folder.path, 'disk'),
          servers: server.url,
          host: 'full',
        },
        { path: join(folder.path, 'disk'), kib: 128 },
      );
      await host.ask('append 6000');
      await until(
        async () => (await host.status()).lastError?.code === 'ERR_FLEET_OUTBOX',
        'the disk was full',
      );
      const full = await host.status();
      expect(full).toMatchObject({ appended: 6000, dropped: { rows: 0 } });
      expect(full.lastError?.message).toContain('no space is left');
      await server.start();
      await until(async () => (await host.status()).sentRows === 6000, 'all rows were sent');
      expect(await host.status()).toMatchObject({ dropped: { rows: 0 }, lastError: null });
      await collect(server.url, lake);
      expect(await readLake(lake)).toMatchObject([{ host: 'full', rows: 6000, times: 6000 }]);
    },
  );

  it('gives up the oldest batches beyond the budget of its outbox, and counts them to the row', async () => {
    await using folder = await createFolder();
    await using server = await startNats();
    const lake = join(folder.path, 'lake');
    await collect(server.url, lake);
    await server.stop();
    const outboxBytes = 80_000;
    await using host = await startHost({
      folder: folder.path,
      servers: server.url,
      host: 'bounded',
      outboxBytes,
    });
    await host.ask('append 6000');
    await until(async () => (await host.status()).gatheredRows === 0, 'all rows were in the outbox');
    const away = await host.status();
    expect(away.dropped.rows).toBeGreaterThan(0);
    expect(away.outboxBytes).toBeLessThanOrEqual(outboxBytes);
    await server.start();
    await host.ask('drain');
    expect(await collect(server.url, lake)).toMatchObject({ duplicates: 0 });
    const kept = 6000 - away.dropped.rows;
    expect(away.waiting.rows).toBe(kept);
    expect(await readLake(lake)).toMatchObject([{ rows: kept, times: kept, lastMs: mondayMs + 5_999_000 }]);
  });

  it('lets nobody wait while a server is stopped in its tracks, and sends when it goes on', async () => {
    await using folder = await createFolder();
    await using server = await startNats();
    const lake = join(folder.path, 'lake');
    await collect(server.url, lake);
    await using host = await startHost({ folder: folder.path, servers: server.url, host: 'still' });
    await host.ask('append 20');
    await host.ask('drain');
    process.kill(server.pid, 'SIGSTOP');
    const { slowestMs } = await host.ask<{ slowestMs: number }>('append 2000 1000');
    // Two synchronous calls a row: who waited for the server would wait for the two seconds after which it is given up.
    expect(slowestMs).toBeLessThan(1000);
    await until(async () => (await host.status()).lastError !== null, 'it was given up');
    process.kill(server.pid, 'SIGCONT');
    await host.ask('drain');
    await collect(server.url, lake);
    expect(await readLake(lake)).toMatchObject([{ rows: 2020, times: 2020 }]);
  });

  it('sends what a killed host had appended and not sent, once, when it starts again', async () => {
    await using folder = await createFolder();
    await using server = await startNats();
    const lake = join(folder.path, 'lake');
    await collect(server.url, lake);
    const random = createPrintedRandom('moments of kills');
    let rows = 0;
    for (let life = 0; life < 3; life++) {
      await using host = await startHost({
        folder: folder.path,
        servers: server.url,
        host: 'mortal',
        startMs: 'clock',
        batchMs: Math.ceil(random() * 200),
      });
      await host.ask(`append ${100 + Math.floor(random() * 200)} 400`);
      rows += (await host.status()).appended;
      await host.kill();
    }
    await using last = await startHost({ folder: folder.path, servers: server.url, host: 'mortal' });
    await until(
      async () => (await collect(server.url, lake)).rows >= 0 && (await readLake(lake))[0]?.rows === rows,
    );
    await last.ask('drain');
    expect(await readLake(lake)).toMatchObject([{ rows, times: rows }]);
  });
});

describe('publishToFleet() of a host whose clock is set', () => {
  it('sends what comes after a clock was set back or forwards, once, and again after a new start', async () => {
    await using folder = await createFolder();
    await using server = await startNats();
    const lake = join(folder.path, 'lake');
    await collect(server.url, lake);
    const options = { folder: folder.path, servers: server.url, host: 'shifted' };
    await using host = await startHost(options);
    await host.ask('append 100');
    // An hour and half a second back: no row has the time of another.
    await host.ask('clock -3600500');
    await host.ask('append 100');
    await host.ask('clock 90000000');
    await host.ask('append 100');
    await host.ask('drain');
    await host.ask('close');
    await using again = await startHost({ ...options, startMs: mondayMs + 2 * 86_400_000 });
    await again.ask('append 100');
    await again.ask('drain');
    expect(await collect(server.url, lake)).toMatchObject({ duplicates: 0, refused: 0 });
    expect(await readLake(lake)).toMatchObject([{ host: 'shifted', rows: 400, times: 400 }]);
  });
});

describe('fleet collect', () => {
  it('has every row once when it is killed at the first sign of each file', async () => {
    await using home = await createTestHome();
    await using folder = await createFolder();
    await using server = await startNats();
    const lake = join(folder.path, 'lake');
    await collect(server.url, lake);
    await using host = await startHost({ folder: folder.path, servers: server.url, host: 'kept' });
    const words = ['fleet', 'collect', server.url, '--output', lake, '--seconds', '0.1'];
    let rows = 0;
    for (let round = 0; round < 4; round++) {
      await host.ask('append 500 200');
      rows += 500;
      await host.ask('drain');
      const before = new Set(await filesOf(lake));
      const child = startCommand(home, words);
      await until(async () => (await filesOf(lake)).some((file) => !before.has(file)), 'a file began');
      child.kill('SIGKILL');
      await once(child, 'close');
    }
    const { code, stdout } = await finished(startCommand(home, [...words, '--once', '--json']));
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ refused: 0, missing: 0 });
    expect(await readLake(lake)).toMatchObject([{ rows, times: rows }]);
    expect((await readdir(lake, { recursive: true })).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('ends by itself with what is wrong when there is no server, and writes what it holds when it is stopped', async () => {
    await using home = await createTestHome();
    await using folder = await createFolder();
    const lake = join(folder.path, 'lake');
    const away = await finished(
      startCommand(home, ['fleet', 'collect', 'nats://127.0.0.1:1', '--to', lake, '--once']),
    );
    expect(away).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^ERR_FLEET_UNREACHABLE: /) as string,
    });
    const wrong = await finished(startCommand(home, ['fleet', 'collect', 'here', '--output', lake]));
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringMatching(/^ERR_FLEET_OPTION: /) as string });
    await using server = await startNats();
    await collect(server.url, lake);
    await using host = await startHost({ folder: folder.path, servers: server.url, host: 'some' });
    await host.ask('append 30');
    await host.ask('drain');
    const child = startCommand(home, ['fleet', 'collect', server.url, '--output', lake, '--json']);
    const end = finished(child);
    // It holds them for five minutes.
    await until(async () => (await heldBy(server.url)) > 0, 'it held what there was');
    child.kill('SIGTERM');
    expect(JSON.parse((await end).stdout)).toMatchObject({ rows: 30, hosts: 1 });
    expect(await readLake(lake)).toMatchObject([{ rows: 30, times: 30 }]);
  });
});
