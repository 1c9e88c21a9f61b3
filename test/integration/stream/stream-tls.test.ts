// Streams over wss: what readers believe, what servers refuse to serve with, and a certificate that is renewed.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openDataStream, serveStream } from '../../../src/stream/index.ts';
import type { StreamHandle } from '../../../src/stream/index.ts';
import { python } from '../../support/python.ts';
import { createTestHub, memoryRow } from '../../support/stream/stream-hub.ts';
import { until } from '../../support/until.ts';

const run = promisify(execFile);
const makeScript = join(import.meta.dirname, '../../support/stream/make-certificates.py');

let folder: string;
let cleanup: AsyncDisposableStack;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rvs-tls-'));
  await run(python, [makeScript, folder]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeEach(() => (cleanup = new AsyncDisposableStack()));
afterEach(() => cleanup.disposeAsync());

const pem = (name: string): string => join(folder, `${name}.pem`);
const tlsOf = (name: string): { certFile: string; keyFile: string } => ({
  certFile: pem(name),
  keyFile: join(folder, `${name}.key`),
});

/** A stream with rows to come, over wss with a token, as other hosts would reach it. */
async function serve(
  tls = tlsOf('server'),
  options: Partial<Parameters<typeof serveStream>[0]> = {},
): Promise<StreamHandle & { publish(): void }> {
  const { hub } = createTestHub();
  const endpoint = 'wss://127.0.0.1:0';
  const handle = cleanup.use(await serveStream({ hub, endpoint, tls, token: 'word', ...options }));
  let number = 0;
  const publish = (): void => hub.publish('memory', [memoryRow(++number)]);
  const timer = setInterval(publish, 5);
  cleanup.defer(() => clearInterval(timer));
  return Object.assign(handle, { publish });
}

/** Reads one row; the code of the error when there is none. */
async function readOne(endpoint: string, ca?: string, token = 'word'): Promise<string> {
  const stream = openDataStream(endpoint, { token, reconnect: false, ...(ca && { ca }) });
  try {
    for await (const row of stream.subscribeMemory()) return row.timestamp > 0 ? 'row' : 'no time';
    return 'end';
  } catch (error) {
    return (error as { code: string }).code;
  } finally {
    await stream.close();
  }
}

/** A server with a certificate that ours would refuse to serve with. */
async function serveBadly(name: string): Promise<string> {
  const { certFile, keyFile } = tlsOf(name);
  const server = createServer({ cert: readFileSync(certFile), key: readFileSync(keyFile) });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanup.defer(() => void server.close());
  return `wss://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const pythonReader = `
import json, sys, ruvector
for endpoint, ca in json.loads(sys.argv[1]):
    try:
        with ruvector.DataStream(endpoint, token="word", ca=ca, reconnect=0) as stream:
            next(stream.subscribe_memory())
        print("row")
    except ruvector.RuvectorError as error:
        print(error.code)
`;

describe('serveStream() over wss', () => {
  it('is read in TypeScript and Python by who trusts the CA, and by nobody else', async () => {
    const { endpoint } = await serve();
    expect(endpoint).toMatch(/^wss:/);
    const others = await Promise.all(['expired', 'early', 'elsewhere', 'foreign'].map(serveBadly));
    const cases: [string, string | undefined][] = [
      [endpoint, pem('ca')],
      [endpoint, undefined],
      [endpoint, pem('foreign-ca')],
      [endpoint, join(folder, 'missing.pem')],
      ...others.map((other): [string, string] => [other, pem('ca')]),
    ];
    const expected = ['row', ...Array<string>(7).fill('ERR_WIRE_TLS')];
    expect(await Promise.all(cases.map(([at, ca]) => readOne(at, ca)))).toEqual(expected);
    const { stdout } = await run(python, ['-c', pythonReader, JSON.stringify(cases)]);
    expect(stdout.trim().split('\n')).toEqual(expected);
  });

  it('is refused without the token, and without TLS on either side', async () => {
    const handle = await serve();
    expect(await readOne(handle.endpoint, pem('ca'), 'another')).toBe('ERR_WIRE_AUTH');
    expect(await readOne(handle.endpoint.replace('wss:', 'ws:'))).toBe('ERR_WIRE_DISCONNECTED');
    const { hub } = createTestHub();
    const plain = cleanup.use(await serveStream({ hub, endpoint: 'ws://127.0.0.1:0' }));
    expect(await readOne(plain.endpoint.replace('ws:', 'wss:'), pem('ca'))).toBe('ERR_WIRE_TLS');
    await until(() => handle.stats().failed > 0 && handle.stats().refused > 0);
  });

  it('takes nothing but a valid certificate and its key', async () => {
    const { hub } = createTestHub();
    const endpoint = 'wss://127.0.0.1:0';
    const bad = [
      tlsOf('expired'),
      tlsOf('early'),
      tlsOf('missing'),
      { certFile: pem('server'), keyFile: join(folder, 'ca.key') },
      { certFile: join(folder, 'server.key'), keyFile: join(folder, 'server.key') },
      undefined,
    ];
    for (const tls of bad) {
      await expect(serveStream({ hub, endpoint, ...(tls && { tls }) })).rejects.toMatchObject({
        code: 'ERR_WIRE_TLS',
      });
    }
  });

  it('takes a renewed certificate for new readers, keeps those it has, and the old one when the new is none', async () => {
    const tls = { certFile: join(folder, 'live.pem'), keyFile: join(folder, 'live.key') };
    const install = (name: string): void => {
      copyFileSync(tlsOf(name).keyFile, tls.keyFile);
      copyFileSync(pem(name), tls.certFile);
    };
    install('server');
    const problems: unknown[] = [];
    const { endpoint } = await serve(tls, { onProblem: (problem) => problems.push(problem) });
    const before = await subjectOf(endpoint);
    const stream = cleanup.use(openDataStream(endpoint, { token: 'word', ca: pem('ca'), reconnect: false }));
    const rows = stream.subscribeMemory()[Symbol.asyncIterator]();
    await rows.next();
    install('renewed');
    await until(async () => (await subjectOf(endpoint)) !== before, 'the renewed certificate is served');
    expect((await rows.next()).done).toBe(false);
    writeFileSync(tls.certFile, 'no certificate');
    await until(() => problems.length > 0, 'the broken one was told');
    expect(problems[0]).toMatchObject({ code: 'ERR_WIRE_TLS' });
    expect(await subjectOf(endpoint)).toBe('CN=renewed');
    expect(await readOne(endpoint, pem('ca'))).toBe('row');
  });

  it('outlasts half handshakes and bytes that are none', async () => {
    const handle = await serve();
    const { port } = new URL(handle.endpoint);
    const sockets = ['', '\x16\x03\x01\x02', 'GET / HTTP/1.1\r\n\r\n', '\x16\x03\x01\x00\x05hello'].map(
      (bytes) => {
        const socket = connect(Number(port), '127.0.0.1');
        socket.on('error', () => {});
        socket.write(Buffer.from(bytes, 'latin1'));
        return socket;
      },
    );
    await until(() => handle.stats().failed >= 2);
    expect(await readOne(handle.endpoint, pem('ca'))).toBe('row');
    for (const socket of sockets) socket.destroy();
  });
});

/** Whose certificate a new connection gets. */
async function subjectOf(endpoint: string): Promise<string> {
  const { port } = new URL(endpoint);
  const socket = connectTls({ host: '127.0.0.1', port: Number(port), ca: readFileSync(pem('ca')) });
  await once(socket, 'secureConnect');
  const { CN } = socket.getPeerCertificate().subject;
  socket.destroy();
  return `CN=${String(CN)}`;
}
