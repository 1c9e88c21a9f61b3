// What goes wrong between a stream and a lake: rows that the stream let go, two hosts with one name, columns of another
// release, a lake that is full, damaged or not alone in its folder, keys that are renewed. Each is told, with what to do.
import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, writeFileSync } from 'node:fs';
import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import { DiscardPolicy } from '@nats-io/jetstream';
import type { StreamConfig } from '@nats-io/jetstream';
import * as arrow from 'apache-arrow';
import { describe, expect, it } from 'vitest';
import { collectFleet } from '../../../src/fleet/index.ts';
import type { CollectFleetOptions, CollectReport } from '../../../src/fleet/index.ts';
import { finished } from '../../support/daemon.ts';
import { makeUserKey } from '../../support/fleet/certificates.ts';
import { askLake, createFolder, readLake, startHost } from '../../support/fleet/fleet-hosts.ts';
import {
  buildRawBatch,
  countMessages,
  makeRowsStream,
  publishRaw,
} from '../../support/fleet/raw-messages.ts';
import { mondayMs } from '../../support/memory-rows.ts';
import { startNats, startNatsWith } from '../../support/nats-server.ts';
import { until } from '../../support/until.ts';

type Collected = CollectReport & { readonly said: readonly string[] };

async function collect(
  servers: string,
  lake: string,
  more: Partial<CollectFleetOptions> = {},
): Promise<Collected> {
  const said: string[] = [];
  const report = await collectFleet({
    access: { servers },
    lake,
    signal: AbortSignal.timeout(100_000),
    once: true,
    onLog: (text) => said.push(text),
    ...more,
  });
  return { ...report, said };
}

const saidOf = (code: string): string => expect.stringMatching(new RegExp(`^${code}: `)) as string;

/** Sends batches of one host, of ten rows each. */
async function send(servers: string, host: string, ...sequences: readonly number[]): Promise<void> {
  await publishRaw(
    servers,
    await Promise.all(sequences.map((sequence) => buildRawBatch(host, sequence, 10))),
  );
}

describe('collectFleet() over a stream of an administrator', () => {
  it.each<[string, Partial<StreamConfig>]>([
    ['max_age is 1 s', { max_age: 1e9 }],
    ['max_msgs is 3, discard "old"', { max_msgs: 3, discard: DiscardPolicy.Old }],
    ['max_bytes is 8000, discard "old"', { max_bytes: 8000, discard: DiscardPolicy.Old }],
  ])('says that %s loses rows, and how many batches were lost before it came', async (limit, config) => {
    await using folder = await createFolder();
    await using server = await startNats();
    await makeRowsStream(server.url, config);
    const lake = join(folder.path, 'lake');
    await send(server.url, 'x', 1, 2);
    const first = await collect(server.url, lake);
    expect(first).toMatchObject({ rows: 20, missing: 0, said: [saidOf('ERR_FLEET_STREAM')] });
    expect(first.said[0]).toContain(limit);
    await send(server.url, 'x', 3, 4, 5, 6, 7, 8);
    await until(async () => (await countMessages(server.url)) < 6, 'the stream let some go');
    await send(server.url, 'x', 9);
    const lost = 9 - 2 - (await countMessages(server.url));
    const after = await collect(server.url, lake);
    expect(after).toMatchObject({
      rows: 10 * (7 - lost),
      missing: lost,
      said: [saidOf('ERR_FLEET_STREAM'), saidOf('ERR_FLEET_MISSING')],
    });
    expect(after.said[1]).toContain(`${lost} batches of memory of host "x" (3 to ${2 + lost})`);
  });

  it('says what a server without JetStream for this account lacks', async () => {
    await using folder = await createFolder();
    await using server = await startNatsWith(
      'accounts { A { users = [{ user: a, password: b }] }, B { jetstream: enabled, users = [{ user: c, password: d }] } }',
    );
    await expect(
      collect(server.url.replace('//', '//a:b@'), join(folder.path, 'lake')),
    ).rejects.toMatchObject({
      code: 'ERR_FLEET_STREAM',
      message: expect.stringContaining('for this account') as string,
    });
  });
});

describe('collectFleet() of two hosts with one name', () => {
  it('has the rows of both copies of a home, and says that they share a name', async () => {
    await using folder = await createFolder();
    await using server = await startNats();
    const [lake, one, other] = ['lake', 'one', 'other'].map((name) => join(folder.path, name)) as [
      string,
      string,
      string,
    ];
    await collect(server.url, lake);
    const start = (at: string, startMs: number) =>
      startHost({ folder: at, servers: server.url, host: 'same', startMs });
    {
      await using host = await start(one, mondayMs);
      await host.ask('append 100');
      await host.ask('drain');
      await host.ask('close');
    }
    await cp(one, other, { recursive: true });
    await using first = await start(one, mondayMs + 200_000);
    await using second = await start(other, mondayMs + 200_500);
    for (let i = 0; i < 4; i++) {
      for (const host of [first, second]) {
        await host.ask('append 50');
        await host.ask('drain');
      }
    }
    const report = await collect(server.url, lake);
    expect(report).toMatchObject({ rows: 500, duplicates: 0, missing: 0, sharedNames: ['same'] });
    expect(report.said).toEqual([saidOf('ERR_FLEET_NAME')]);
    expect(await readLake(lake)).toMatchObject([{ host: 'same', rows: 500, times: 500 }]);
  });
});

describe('collectFleet() of rows of another release', () => {
  const times = arrow.vectorFromArray([mondayMs, mondayMs + 1000], new arrow.TimestampMillisecond());
  const texts = arrow.vectorFromArray(['a', 'b'], new arrow.Utf8());
  const floats = arrow.vectorFromArray([0.5, 1.5], new arrow.Float64());

  it.each<[string, string, Record<string, arrow.Vector>, number]>([
    ['refuses a size that is a text', 'memory', { mem_total_kib: texts }, 1],
    ['refuses a count that is a fraction', 'memory', { mem_available_kib: floats }, 1],
    ['refuses a text that is a number', 'process', { name: floats }, 1],
    ['takes a column that it does not know', 'memory', { of_next_year: floats }, 0],
  ])('%s, and goes on with the others', async (_, kind, columns, refused) => {
    await using folder = await createFolder();
    await using server = await startNats();
    const lake = join(folder.path, 'lake');
    await collect(server.url, lake);
    const bytes = arrow.tableToIPC(new arrow.Table({ timestamp: times, ...columns }), 'stream');
    const marks = { 'Nats-Msg-Id': `newer.epoch1.${kind}.1`, 'Ruvector-Anonymized': 'true' };
    await publishRaw(server.url, [[`ruvector.fleet.rows.newer.${kind}`, zstdCompressSync(bytes), marks]]);
    await send(server.url, 'x', 1, 2);
    const report = await collect(server.url, lake);
    expect(report).toMatchObject({ refused, rows: 22 - 2 * refused });
    expect(report.said).toEqual(refused ? [saidOf('ERR_FLEET_BATCH')] : []);
    if (refused) expect(report.said[0]).toMatch(/is of type (text|float), not (integer|text)/);
    const sum = await askLake(
      `select count(mem_available_kib)::int as n from read_parquet('${lake}/memory/**/*.parquet', union_by_name = true)`,
    );
    expect(sum).toEqual([{ n: 20 }]);
  });
});

/** Collects twice in a name space with a disk of its own: while it has so much room, and with more; copies the lake out. */
const ON_SMALL_DISK = `
lake=$1 node=$2 script=$3
cp -r "$lake" "$lake-made"
mount -t tmpfs -o size=4m none "$lake"
cp -r "$lake-made/." "$lake"
dd if=/dev/zero of="$lake/lost+found" bs=4k status=none 2>/dev/null || true
truncate -s -"$4" "$lake/lost+found"
"$node" --input-type=module -e "$script"
rm "$lake/lost+found"
"$node" --input-type=module -e "$script"
cp -r "$lake" "$lake-copy"
`;

describe('collectFleet() into a lake', () => {
  it.runIf(spawnSync('unshare', ['-rm', 'true']).status === 0).each([
    ['has no room at all', 0],
    ['is full after some of its files', 96 * 1024],
  ])('on a disk that %s says so, and has every row once when there is room', async (_, freeBytes) => {
    await using folder = await createFolder();
    await using server = await startNats();
    const lake = join(folder.path, 'disk');
    await collect(server.url, lake);
    const hosts = ['a', 'b', 'c', 'd', 'e', 'f'];
    for (const host of hosts) await send(server.url, host, 1, 2, 3);
    const room = JSON.stringify(join(import.meta.dirname, '../../../src/fleet/index.ts'));
    const options = { access: { servers: server.url }, lake, once: true };
    const script = `
      import { collectFleet } from ${room};
      const options = { ...${JSON.stringify(options)}, signal: AbortSignal.timeout(60_000) };
      const { rows, code, message } = await collectFleet(options).catch((error) => error);
      console.log(JSON.stringify({ rows, code, message }));`;
    const words = [ON_SMALL_DISK, '-', lake, process.execPath, script, String(freeBytes)];
    const { stdout, ...ended } = await finished(spawn('unshare', ['-rm', 'bash', '-ec', ...words]));
    expect(ended).toMatchObject({ code: 0 });
    const [full, roomy] = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(full).toMatchObject({
      code: 'ERR_FLEET_LAKE',
      message: expect.stringContaining('no space is left') as string,
    });
    expect(roomy).not.toHaveProperty('code');
    // In the middle of its files: some of them were there.
    expect(Number(roomy!['rows']) < 180).toBe(freeBytes > 0);
    const found = await readLake(`${lake}-copy`);
    expect(found.map(({ host, rows, times }) => [host, rows, times])).toEqual(
      hosts.map((host) => [host, 30, 30]),
    );
  });

  it.each<[string, (lake: string) => Promise<unknown>, string]>([
    ['a file where a folder belongs', (lake) => writeFile(join(lake, 'memory'), 'mine'), 'memory/host=x'],
    [
      'sizes that were cut short',
      (lake) => writeFile(join(lake, '_fleet/hosts.json'), '{"a": [1'),
      'remove it',
    ],
    ['sizes that are none', (lake) => writeFile(join(lake, '_fleet/hosts.json'), '{"a": 7}'), 'remove it'],
    ['no identity', (lake) => writeFile(join(lake, '_fleet/lake.json'), ''), 'lake.json'],
  ])('that has %s ends with what to do, and has its rows once when that is done', async (_, damage, text) => {
    await using folder = await createFolder();
    await using server = await startNats();
    const lake = join(folder.path, 'lake');
    await collect(server.url, lake);
    const copy = join(folder.path, 'copy');
    await cp(lake, copy, { recursive: true });
    await send(server.url, 'x', 1, 2);
    await damage(lake);
    await expect(collect(server.url, lake)).rejects.toMatchObject({
      code: 'ERR_FLEET_LAKE',
      message: expect.stringContaining(text) as string,
    });
    await rm(lake, { recursive: true });
    await cp(copy, lake, { recursive: true });
    expect(await collect(server.url, lake)).toMatchObject({ rows: 20 });
  });

  it('takes a disk that only has what a file system puts there', async () => {
    await using folder = await createFolder();
    await using server = await startNats();
    await mkdir(join(folder.path, 'lake/lost+found'), { recursive: true });
    expect(await collect(server.url, join(folder.path, 'lake'))).toMatchObject({ rows: 0 });
  });
});

describe('collectFleet() with a key that is renewed', () => {
  it('comes back with what its file of credentials holds by then', async () => {
    await using folder = await createFolder();
    const [old, renewed] = [makeUserKey(folder.path, 'old'), makeUserKey(folder.path, 'renewed')];
    const [config, credentials] = [join(folder.path, 'nats.conf'), join(folder.path, 'key.nk')];
    const allow = (key: string): void =>
      writeFileSync(config, `authorization { users = [ { nkey: ${key} } ] }\n`);
    allow(old.publicKey);
    copyFileSync(old.seedFile, credentials);
    await using server = await startNats('-c', config);
    const lake = join(folder.path, 'lake');
    const [stopped, access] = [new AbortController(), { servers: server.url, credentials }];
    const collected = collect(server.url, lake, { access, once: false, signal: stopped.signal, fileMs: 200 });
    await using host = await startHost({ folder: folder.path, servers: server.url, host: 'x', credentials });
    await host.ask('append 20');
    await until(async () => (await readLake(lake)).length > 0, 'rows were collected');
    copyFileSync(renewed.seedFile, credentials);
    allow(renewed.publicKey);
    await server.stop();
    await server.start();
    await host.ask('append 20');
    await until(async () => (await readLake(lake))[0]?.rows === 40, 'rows were collected again');
    stopped.abort();
    expect(await collected).toMatchObject({ rows: 40, missing: 0 });
  });
});
