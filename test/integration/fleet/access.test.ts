// Who may publish and collect: keys, JWTs and certificates against a real server that asks for them, and refusals that say
// what is wrong.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { connectNats, collectFleet } from '../../../src/fleet/index.ts';
import type { NatsAccess } from '../../../src/fleet/index.ts';
import { makeCertificates, makeUserKey } from '../../support/fleet/certificates.ts';
import { createFolder, readLake, startHost } from '../../support/fleet/fleet-hosts.ts';
import { makeJwtWorld } from '../../support/fleet/user-jwt.ts';
import { startNats, startNatsWith } from '../../support/nats-server.ts';
import { until } from '../../support/until.ts';

const tryConnect = async (access: NatsAccess): Promise<string> => {
  const connection = await connectNats({ timeoutMs: 5000, ...access }, { name: 'test' });
  await connection.close();
  return 'connected';
};
const collect = (access: NatsAccess, lake: string) =>
  collectFleet({ access, lake, signal: AbortSignal.timeout(60_000), once: true });

describe('connectNats()', () => {
  it('comes in with the seed of a key that the server knows, and says so of a wrong one', async () => {
    await using folder = await createFolder();
    const [right, wrong] = [makeUserKey(folder.path, 'right'), makeUserKey(folder.path, 'wrong')];
    await using server = await startNatsWith(`authorization { users = [ { nkey: ${right.publicKey} } ] }`);
    const servers = server.url;
    expect(await tryConnect({ servers, credentials: right.seedFile })).toBe('connected');
    const refused = { code: 'ERR_FLEET_AUTH', message: expect.stringContaining('refuses these credentials') };
    await expect(tryConnect({ servers, credentials: wrong.seedFile })).rejects.toMatchObject(refused);
    await expect(tryConnect({ servers })).rejects.toMatchObject(refused);
    await expect(
      collect({ servers, credentials: wrong.seedFile }, join(folder.path, 'lake')),
    ).rejects.toMatchObject(refused);
  });

  it('comes in with a file of a JWT and its seed, and not with a JWT of another operator', async () => {
    await using folder = await createFolder();
    await using other = await createFolder();
    const world = makeJwtWorld(folder.path);
    await using server = await startNatsWith(world.config);
    const { credentials } = world;
    const lake = join(folder.path, 'lake');
    expect(await collect({ servers: server.url, credentials }, lake)).toMatchObject({ rows: 0 });
    const stranger = makeJwtWorld(other.path);
    await expect(
      tryConnect({ servers: server.url, credentials: stranger.credentials }),
    ).rejects.toMatchObject({ code: 'ERR_FLEET_AUTH' });
  });

  it('says which file of credentials is none', async () => {
    await using folder = await createFolder();
    const credentials = join(folder.path, 'empty.creds');
    writeFileSync(credentials, 'nothing');
    const access = { servers: 'nats://127.0.0.1:1' };
    const refused = { code: 'ERR_FLEET_CREDENTIALS' };
    await expect(tryConnect({ ...access, credentials })).rejects.toMatchObject(refused);
    await expect(tryConnect({ ...access, credentials: `${credentials}.gone` })).rejects.toMatchObject(
      refused,
    );
    await expect(tryConnect({ ...access, ca: folder.path })).rejects.toMatchObject(refused);
  });

  it('says that nobody answers, that an address is none, and shows no password', async () => {
    await expect(tryConnect({ servers: 'nats://user:hidden@127.0.0.1:1' })).rejects.toMatchObject({
      code: 'ERR_FLEET_UNREACHABLE',
      message: expect.not.stringContaining('hidden') as string,
    });
    await expect(tryConnect({ servers: 'http://127.0.0.1:1' })).rejects.toMatchObject({
      code: 'ERR_FLEET_OPTION',
    });
    await expect(tryConnect({ servers: 'nats://127.0.0.1:1', cert: 'x' })).rejects.toMatchObject({
      code: 'ERR_FLEET_OPTION',
    });
  });

  it('trusts a certificate of the named authority, and none that expired, is of another name or of a stranger', async () => {
    await using folder = await createFolder();
    const { ca, valid, expired, elsewhere } = makeCertificates(folder.path);
    const start = ({ cert, key }: typeof valid) =>
      startNatsWith(`tls { cert_file: "${cert}", key_file: "${key}" }`);
    await using good = await start(valid);
    await using old = await start(expired);
    await using renamed = await start(elsewhere);
    const refused = { code: 'ERR_FLEET_TLS' };
    expect(await tryConnect({ servers: good.url.replace('nats:', 'tls:'), ca })).toBe('connected');
    await expect(tryConnect({ servers: good.url })).rejects.toMatchObject(refused);
    await expect(tryConnect({ servers: old.url, ca })).rejects.toMatchObject({
      ...refused,
      message: expect.stringContaining('expired') as string,
    });
    await expect(tryConnect({ servers: renamed.url, ca })).rejects.toMatchObject(refused);
  });

  it('does not go on without encryption that was asked for', async () => {
    await using server = await startNats();
    await expect(tryConnect({ servers: server.url.replace('nats:', 'tls:') })).rejects.toMatchObject({
      code: 'ERR_FLEET_TLS',
    });
  });
});

describe('publishToFleet()', () => {
  it('keeps the rows of a host with a wrong key, says why, and sends them when the server takes the key', async () => {
    await using folder = await createFolder();
    const { publicKey, seedFile } = makeUserKey(folder.path, 'host');
    const admin = makeUserKey(folder.path, 'admin');
    const users = (keys: readonly string[]): string =>
      `authorization { users = [ ${keys.map((key) => `{ nkey: ${key} }`).join(', ')} ] }\n`;
    const config = join(folder.path, 'nats.conf');
    writeFileSync(config, users([admin.publicKey]));
    await using server = await startNats('-c', config);
    const lake = join(folder.path, 'lake');
    const access = { servers: server.url, credentials: admin.seedFile };
    await collect(access, lake);
    await using host = await startHost({
      folder: folder.path,
      servers: server.url,
      host: 'keyed',
      credentials: seedFile,
    });
    await host.ask('append 50');
    await until(async () => (await host.status()).lastError !== null, 'it was refused');
    const refused = await host.status();
    expect(refused).toMatchObject({ sentRows: 0, lastError: { code: 'ERR_FLEET_AUTH' } });
    // Said once, however often it is tried.
    expect(refused.logged.filter((text) => text.startsWith('ERR_FLEET_AUTH')).length).toBe(1);
    writeFileSync(config, users([admin.publicKey, publicKey]));
    await server.stop();
    await server.start();
    await host.ask('drain');
    await collect(access, lake);
    expect(await readLake(lake)).toMatchObject([{ host: 'keyed', rows: 50, times: 50 }]);
  });

  it('keeps the rows of a host whose JWT expires while it runs, and sends them with the renewed one', async () => {
    await using folder = await createFolder();
    const world = makeJwtWorld(folder.path);
    await using server = await startNatsWith(world.config);
    const lake = join(folder.path, 'lake');
    const access = { servers: server.url, credentials: world.credentials };
    await collect(access, lake);
    const credentials = world.issue('host.creds', 4);
    await using host = await startHost({
      folder: folder.path,
      servers: server.url,
      host: 'renewed',
      credentials,
    });
    await host.ask('append 20');
    await host.ask('drain');
    await until(async () => !(await host.status()).isConnected, 'the server let it go');
    await host.ask('append 30');
    await until(
      async () => (await host.status()).lastError?.code === 'ERR_FLEET_AUTH',
      'it was refused from then on',
    );
    expect(await host.status()).toMatchObject({ sentRows: 20 });
    world.issue('host.creds');
    await host.ask('drain');
    await collect(access, lake);
    expect(await readLake(lake)).toMatchObject([{ host: 'renewed', rows: 50, times: 50 }]);
  });

  it('may be held to its own subject by the server', async () => {
    await using folder = await createFolder();
    const admin = makeUserKey(folder.path, 'admin');
    const mine = makeUserKey(folder.path, 'mine');
    const allowed = '{ publish: ["ruvector.fleet.rows.mine.>"], subscribe: ["_INBOX.>"] }';
    await using server = await startNatsWith(
      `authorization { users = [ { nkey: ${admin.publicKey} }, { nkey: ${mine.publicKey}, permissions: ${allowed} } ] }`,
    );
    const lake = join(folder.path, 'lake');
    const access = { servers: server.url, credentials: admin.seedFile };
    await collect(access, lake);
    const start = (host: string) =>
      startHost({
        folder: join(folder.path, host),
        servers: server.url,
        host,
        credentials: mine.seedFile,
      });
    await using own = await start('mine');
    await using other = await start('yours');
    await Promise.all([own.ask('append 20'), other.ask('append 20')]);
    await own.ask('drain');
    await until(async () => (await other.status()).lastError !== null, 'the other one was refused');
    expect(await other.status()).toMatchObject({ sentRows: 0, lastError: { code: 'ERR_FLEET_AUTH' } });
    await collect(access, lake);
    expect(await readLake(lake)).toMatchObject([{ host: 'mine', rows: 20 }]);
  });
});
