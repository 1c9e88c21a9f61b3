// docs/fleet.md, "Between two hosts without a broker", on one host with two homes: its commands, its calls, and what
// status, doctor and metrics say of it.
import { execFile } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectDaemon } from '../../../src/bridge/index.ts';
import { remoteChecks } from '../../../src/app/doctor/doctor-remote.ts';
import { buildConfig } from '../../../src/app/host/config.ts';
import { openHost } from '../../../src/app/host/host.ts';
import type { HostStatus } from '../../../src/app/host/status-types.ts';
import { createClient } from '../../../src/client/index.ts';
import { resolveHome } from '../../../src/core/index.ts';
import { openDataStream } from '../../../src/stream/index.ts';
import { serveWords, servingPid, start, statusOf, untilSampling } from '../../support/app/serve-process.ts';
import { python } from '../../support/python.ts';
import { until } from '../../support/until.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../../..');
const folder = mkdtempSync(join(tmpdir(), 'rv-hosts-'));
const db1 = resolveHome(join(folder, 'db1'));
const laptop = resolveHome(join(folder, 'laptop'));
const page = readFileSync(join(root, 'docs/fleet.md'), 'utf8');
const pem = (name: string): string => join(folder, name);

/** Runs a command of the document in the home of its host, with what stands for a key, port or file replaced. */
async function command(line: string, values: Readonly<Record<string, string>> = {}): Promise<string> {
  expect(page).toContain(line);
  const [, host, words] = /^(\w+)\$ ruvector-memopt (.+)$/.exec(line)!;
  const args = words!.split(' ').map((word) => values[word] ?? word);
  const home = host === 'db1' ? db1 : laptop;
  const bin = join(root, 'bin/ruvector-memopt.mjs');
  const { stdout } = await run(process.execPath, [bin, '--home', home.root, ...args]);
  return stdout.trim();
}

let daemon: ChildProcess;
let endpoint: string;
let streamEndpoint: string;

beforeAll(async () => {
  await run(python, [join(root, 'test/support/stream/make-certificates.py'), folder]);
  const daemonKey = /^daemon +([0-9a-f]{64})$/m.exec(await command('db1$ ruvector-memopt keys list'))![1]!;
  const made = await command('laptop$ ruvector-memopt keys make laptop --daemon DAEMON_KEY', {
    DAEMON_KEY: daemonKey,
  });
  const CLIENT_KEY = made.split('\n')[0]!;
  await command('db1$ ruvector-memopt keys allow laptop CLIENT_KEY', { CLIENT_KEY });
  const tls = ['--tls-cert', pem('server.pem'), '--tls-key', pem('server.key')];
  const listen = ['--listen', 'tcp://127.0.0.1:0', '--stream', 'wss://127.0.0.1:0', ...tls];
  daemon = start(serveWords(db1, ...listen), { stdio: 'ignore' });
  await servingPid(db1, daemon);
  endpoint = (await untilSampling(db1)).remote!.endpoint;
  await using local = await connectDaemon(db1.bridgeFile);
  const listStreams = async (): Promise<{ endpoint: string }[]> =>
    (await local.request('stream.list')).result as { endpoint: string }[];
  await until(async () => (await listStreams()).length === 1);
  streamEndpoint = (await listStreams())[0]!.endpoint;
}, 180_000);

afterAll(async () => {
  const exit = once(daemon, 'exit');
  daemon.kill();
  await exit;
  rmSync(folder, { recursive: true, force: true });
});

describe('serve --listen', () => {
  it('is told of as it is used', () => {
    expect(page).toContain('db1$ ruvector-memopt serve --listen tcp://0.0.0.0:7700');
  });

  it('answers TypeScript and Python with the key of another home, and shares no memory', async () => {
    await using client = createClient({ remote: { endpoint, key: join(laptop.keys, 'laptop.key') } });
    expect((await client.status())?.pid).toBe((await statusOf(db1)).pid);
    const rows = await client.collector.collect({ seconds: 0.5 });
    expect(rows.height).toBeGreaterThan(0);
    const code = `
import os, sys, ruvector
with ruvector.connect(sys.argv[1], key="laptop") as client:
    with client.stream("memory", follow=False) as stream:
        print(stream.transport, stream.read_all().num_rows > 0, client.status()["pid"])
`;
    const env = { ...process.env, RUVECTOR_HOME: laptop.root };
    const { stdout } = await run(python, ['-c', code, endpoint], { env });
    expect(stdout.trim()).toBe(`sealed True ${daemon.pid}`);
  }, 120_000);

  it('streams over wss to who has the CA', async () => {
    await using stream = openDataStream(streamEndpoint, { ca: pem('ca.pem') });
    for await (const row of stream.subscribeMemory()) {
      expect(row.used_percent).toBeGreaterThan(0);
      break;
    }
  });

  it('is in status and doctor, and a revoked key is refused in both languages', async () => {
    const { remote } = await statusOf(db1);
    expect(remote).toMatchObject({ endpoint, trust: 'none', allowedClients: 1 });
    const [hosts, certificate] = remoteChecks;
    await expect(hosts!.look(db1)).resolves.toContain('encrypted; 1 keys are allowed');
    await expect(certificate!.look(db1)).resolves.toContain('valid until');
    await using client = createClient({ remote: { endpoint, key: join(laptop.keys, 'laptop.key') } });
    const waiting = client.collector.collect({ seconds: 600 });
    const ended = waiting.then(
      () => null,
      (error: unknown) => error,
    );
    await until(async () => (await remoteOf()).bridge.openStreams === 1);
    expect(await command('db1$ ruvector-memopt keys revoke laptop')).toBe('revoked laptop');
    expect(await ended).toMatchObject({ code: 'ERR_WIRE_AUTH' });
    await expect(client.status()).rejects.toMatchObject({ code: 'ERR_WIRE_AUTH' });
    await until(async () => (await remoteOf()).bridge.unknownKeys > 0);
    await expect(hosts!.look(db1)).rejects.toThrow('no key is allowed');
  }, 120_000);
});

async function remoteOf(): Promise<NonNullable<HostStatus['remote']>> {
  return (await statusOf(db1)).remote!;
}

describe('openHost() on a trusted network', () => {
  it('asks for the token alone, and serves streams to other hosts with the same', async () => {
    const home = resolveHome(join(folder, 'trusting'));
    const log: string[] = [];
    const config = buildConfig({ listen: 'tcp://127.0.0.1:0', trustedNetwork: 'all', baseline: false });
    await using host = await openHost(home, config, { onLog: (text) => log.push(text) });
    const { endpoint: at } = host.remote!.status();
    expect(log.join('\n')).toContain('nothing is encrypted');
    const word = readFileSync(join(home.keys, 'token'), 'utf8').trim();
    await using client = createClient({ remote: { endpoint: at, token: word } });
    expect((await client.status())?.pid).toBe(process.pid);
    await using stranger = createClient({ remote: { endpoint: at, token: 'another' } });
    await expect(stranger.status()).rejects.toMatchObject({ code: 'ERR_WIRE_AUTH' });
    const info = await host.streams.start({ endpoint: 'ws://0.0.0.0:0' });
    const readable = info.endpoint.replace('0.0.0.0', '127.0.0.1');
    await using refused = openDataStream(readable, { reconnect: false });
    await expect(refused.subscribeMemory()[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: 'ERR_WIRE_AUTH',
    });
    await expect(remoteChecks[0]!.look(home)).rejects.toThrow('nothing is encrypted');
  }, 60_000);

  it('refuses streams that other hosts would reach where nobody trusts the network', async () => {
    const home = resolveHome(join(folder, 'careful'));
    await using host = await openHost(home, buildConfig({ baseline: false }));
    expect(host.remote).toBeNull();
    for (const at of ['ws://0.0.0.0:0', 'tcp://0.0.0.0:0'])
      await expect(host.streams.start({ endpoint: at })).rejects.toMatchObject({ code: 'ERR_WIRE_ENDPOINT' });
    await expect(host.streams.start({ endpoint: 'wss://0.0.0.0:0' })).rejects.toMatchObject({
      code: 'ERR_WIRE_TLS',
    });
  }, 60_000);
});
