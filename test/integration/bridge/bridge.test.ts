// The bridge with real sockets: requests, streams, access, both transports.
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  PROTOCOL_VERSION,
  connectBridge,
  createBridgeServer,
  readBridgeFile,
  writeBridgeFile,
} from '../../../src/bridge/index.ts';
import { createIpcEndpoints } from '../../../src/sockets/index.ts';
import { readStartTicks } from '../../../src/core/index.ts';
import type { BridgeClient } from '../../../src/bridge/index.ts';
import type { Endpoints } from '../../../src/sockets/index.ts';
import { columnsSchema } from '../../support/bridge/wire-batches.ts';
import { startTestServer } from '../../support/bridge/wire-server.ts';
import type { TestServer } from '../../support/bridge/wire-server.ts';
import { until } from '../../support/until.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ruvector-wire-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const loopback: Endpoints = { control: 'tcp://127.0.0.1:0', data: 'tcp://127.0.0.1:0' };

async function connectTo(
  { server, token }: TestServer,
  other: { token?: string } = {},
): Promise<BridgeClient> {
  const { control, data } = server.endpoints;
  return connectBridge({ controlEndpoint: control, dataEndpoint: data, token, timeoutMs: 5000, ...other });
}

describe.each(['ipc', 'tcp'])('over %s', (transport) => {
  let own: TestServer;
  let client: BridgeClient;
  beforeEach(async () => {
    own = await startTestServer(transport === 'ipc' ? await createIpcEndpoints(directory) : loopback);
    client = await connectTo(own);
  });
  afterEach(async () => {
    await client.close();
    await own.server.close();
  });

  it('request() returns the result, attachments and progress of its handler', async () => {
    const progress: unknown[] = [];
    const attachments = [Buffer.from('small'), Buffer.alloc(100_000, 7)];
    const params = { text: 'é€😀', list: [1, null, { a: true }] };
    const reply = await client.request('echo', params, { attachments, onProgress: (p) => progress.push(p) });
    expect(reply.result).toEqual(params);
    expect(reply.attachments.map((bytes) => Buffer.from(bytes))).toEqual(attachments);
    expect(progress).toEqual([{ step: 1 }]);
  });

  it('request() runs many at once and answers each with its own', async () => {
    const numbers = Array.from({ length: 200 }, (_, i) => i);
    const replies = await Promise.all(numbers.map((i) => client.request('echo', { i })));
    expect(replies.map(({ result }) => result)).toEqual(numbers.map((i) => ({ i })));
  });

  it('openBatches() gives every batch in order, with schema and meta before the first', async () => {
    const stream = await client.openBatches('count', { batches: 300, rows: 100 });
    expect(stream.schema.names).toEqual(columnsSchema.names);
    expect(stream.meta).toEqual({ batches: 300 });
    let next = 0;
    for await (const batch of stream.batches) {
      for (const index of batch.getChild('index')!.toArray() as Int32Array) expect(index).toBe(next++);
    }
    expect(next).toBe(30_000);
    await until(() => own.server.stats().openStreams === 0);
    expect(own.server.stats()).toMatchObject({ slotsInUse: 0, batchesSent: 300 });
  });
});

describe('client.request()', () => {
  let own: TestServer;
  let client: BridgeClient;
  beforeEach(async () => {
    own = await startTestServer(await createIpcEndpoints(directory));
    client = await connectTo(own);
  });
  afterEach(async () => {
    await client.close();
    await own.server.close();
  });

  it('fails with the code, details and traceback of the handler', async () => {
    await expect(client.request('fail')).rejects.toMatchObject({
      code: 'ERR_MODEL_REJECTED',
      message: 'Cannot accept model "m": it is a test; try another',
      details: { reason: 'test', traceback: expect.stringContaining('Traceback') as string },
    });
  });

  it('fails with the known names when the name is not known', async () => {
    await expect(client.request('toString')).rejects.toMatchObject({
      code: 'ERR_WIRE_UNKNOWN_REQUEST',
      message: expect.stringContaining('known are echo, fail, status, wait') as string,
    });
    await expect(client.openBatches('nothing')).rejects.toMatchObject({ code: 'ERR_WIRE_UNKNOWN_STREAM' });
  });

  it('is refused before anything is sent when it is too large', async () => {
    const attachments = [Buffer.alloc(65 * 2 ** 20)];
    await expect(client.request('echo', {}, { attachments })).rejects.toMatchObject({
      code: 'ERR_WIRE_TOO_LARGE',
      details: { maxMessageBytes: 64 * 2 ** 20 },
    });
    expect((await client.request('echo', 'still here')).result).toBe('still here');
  });

  it('is answered where far more run than the daemon is asked at a time', async () => {
    const numbers = Array.from({ length: 40_000 }, (_, i) => i);
    const replies = await Promise.all(numbers.map((i) => client.request('echo', i)));
    expect(replies.map(({ result }) => result)).toEqual(numbers);
    expect(own.server.stats()).toMatchObject({ failed: 0, clients: 1 });
  }, 60_000);

  it('can be cancelled before its turn has come, and ends when the client closes', async () => {
    const abort = new AbortController();
    const running = Array.from({ length: 1024 }, () => client.request('wait', { ms: 60_000 }));
    const behind = client.request('echo', 'behind', { signal: abort.signal });
    const last = client.request('echo', 'last');
    await until(() => own.server.stats().activeRequests === 1024);
    abort.abort(new Error('changed my mind'));
    await expect(behind).rejects.toThrow('changed my mind');
    const outcomes = Promise.allSettled([...running, last]);
    await client.close();
    for (const outcome of await outcomes)
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'ERR_WIRE_CLOSED' } });
  });

  it('aborts its handler when it is cancelled', async () => {
    const abort = new AbortController();
    const waiting = client.request('wait', { ms: 60_000 }, { signal: abort.signal });
    await until(() => own.server.stats().activeRequests === 1);
    abort.abort(new Error('changed my mind'));
    await expect(waiting).rejects.toThrow('changed my mind');
    await until(() => own.server.stats().activeRequests === 0);
  });

  it('aborts its handler when the client goes away', async () => {
    const other = await connectTo(own);
    const waiting = other.request('wait', { ms: 60_000 });
    waiting.catch(() => {});
    await until(() => own.server.stats().activeRequests === 1);
    await other.close();
    await expect(waiting).rejects.toMatchObject({ code: 'ERR_WIRE_CLOSED' });
    await until(() => own.server.stats().activeRequests === 0 && own.server.stats().clients === 1);
  });

  it('are answered while a stream is saturated', async () => {
    const stream = await client.openBatches('count', { rows: 50_000 }, { window: 64 });
    const reading = (async (): Promise<void> => {
      for await (const _batch of stream.batches);
    })();
    const timesMs: number[] = [];
    for (let i = 0; i < 20; i++) {
      const startedMs = performance.now();
      await client.request('echo', i);
      timesMs.push(performance.now() - startedMs);
    }
    await stream.close();
    await reading.catch(() => {});
    expect(Math.min(...timesMs)).toBeLessThan(1000);
  });
});

describe('client.stream()', () => {
  it('closes its source and gives its slots back when it is left early', async () => {
    await using own = await startedOn(directory);
    await using client = await connectTo(own.test);
    const stream = await client.openBatches('count', { rows: 20_000 });
    for await (const batch of stream.batches) {
      expect(batch.numRows).toBe(20_000);
      break;
    }
    await until(() => own.test.server.stats().openStreams === 0);
    expect(own.test.source).toMatchObject({ opened: 1, returned: 1 });
    expect(own.test.server.stats()).toMatchObject({ slotsInUse: 0, bytesInUse: 0 });
  });

  it('ends with the reason of its signal', async () => {
    await using own = await startedOn(directory);
    await using client = await connectTo(own.test);
    const abort = new AbortController();
    const stream = await client.openBatches('count', { rows: 10 }, { signal: abort.signal });
    const reading = (async (): Promise<void> => {
      for await (const _batch of stream.batches) abort.abort(new Error('enough'));
    })();
    await expect(reading).rejects.toThrow('enough');
    await until(() => own.test.server.stats().openStreams === 0);
    expect(own.test.source.returned).toBe(1);
  });

  it('is drained before a server closes: every batch sent is read, and the end says why', async () => {
    await using own = await startedOn(directory);
    await using client = await connectTo(own.test);
    const stream = await client.openBatches('count', { rows: 1000 });
    let batches = 0;
    let closing: Promise<void> | undefined;
    const reading = async (): Promise<void> => {
      for await (const _batch of stream.batches) {
        batches++;
        if (batches === 20) closing = own.test.server.close();
      }
    };
    await expect(reading()).rejects.toMatchObject({ code: 'ERR_WIRE_DISCONNECTED' });
    await closing;
    expect(batches).toBe(own.test.server.stats().batchesSent);
  });
});

describe('createBridgeServer()', () => {
  it('wants the right token on both endpoints', async () => {
    await using own = await startedOn(directory);
    await expect(connectTo(own.test, { token: 'wrong' })).rejects.toMatchObject({ code: 'ERR_WIRE_AUTH' });
    expect(own.test.server.stats()).toMatchObject({ clients: 0, refused: 1 });
  });

  it('connectBridge() fails at once and says how to start the daemon when nothing listens', async () => {
    const absent = {
      controlEndpoint: `ipc://${directory}/none`,
      dataEndpoint: 'tcp://127.0.0.1:1',
      token: 't',
    };
    await expect(connectBridge(absent)).rejects.toMatchObject({
      code: 'ERR_WIRE_NO_DAEMON',
      message: expect.stringContaining('ruvector-memopt serve') as string,
    });
  });

  it('listens for this user only, on sockets of mode 0600', async () => {
    await using own = await startedOn(directory);
    for (const endpoint of Object.values(own.test.server.endpoints)) {
      expect((await stat(endpoint.slice('ipc://'.length))).mode & 0o777).toBe(0o600);
    }
  });

  it('refuses to listen for other machines', async () => {
    const open = { controlEndpoint: 'tcp://0.0.0.0:0', dataEndpoint: 'tcp://127.0.0.1:0', token: 't' };
    await expect(createBridgeServer(open)).rejects.toMatchObject({ code: 'ERR_WIRE_ENDPOINT' });
  });

  it('refuses a TCP port that is taken', async () => {
    await using own = await startedOn(directory, loopback);
    const { control } = own.test.server.endpoints;
    const taken = { controlEndpoint: control, dataEndpoint: 'tcp://127.0.0.1:0', token: 't' };
    await expect(createBridgeServer(taken)).rejects.toMatchObject({
      code: 'ERR_WIRE_ENDPOINT',
      message: expect.stringContaining('EADDRINUSE') as string,
    });
  });
});

describe('createIpcEndpoints()', () => {
  it('takes a short directory of its own when the path is too long, and removes it', async () => {
    const endpoints = await createIpcEndpoints(join(directory, 'x'.repeat(120)));
    const socketDir = endpoints.control.slice('ipc://'.length).replace(/\/control\.sock$/, '');
    expect((await stat(socketDir)).mode & 0o777).toBe(0o700);
    await endpoints.dispose();
    await expect(stat(socketDir)).rejects.toThrow('ENOENT');
  });
});

describe('writeBridgeFile()', () => {
  const file = { endpoints: loopback, token: 'secret', pid: process.pid, protocol: PROTOCOL_VERSION };

  it('writes what readBridgeFile() reads, for the owner only, and leaves nothing else', async () => {
    const path = join(directory, 'bridge.json');
    await writeBridgeFile(path, { ...file, token: 'an older one' });
    await writeBridgeFile(path, file);
    // Whose process it is, should its number be given to another one.
    const written = { ...file, startTicks: readStartTicks(process.pid) };
    expect(await readBridgeFile(path)).toEqual(written);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual(written);
  });

  it('leaves a file of a dead process that readBridgeFile() refuses', async () => {
    const { pid } = spawnSync(process.execPath, ['--version']);
    const path = join(directory, 'bridge.json');
    await writeBridgeFile(path, { ...file, pid });
    await expect(readBridgeFile(path)).rejects.toMatchObject({
      code: 'ERR_WIRE_NO_DAEMON',
      message: expect.stringContaining(`process ${pid} that wrote it is dead`) as string,
    });
  });
});

describe('readBridgeFile()', () => {
  it.each(['', '{', '[]', '{"pid":1}', 'null'])('refuses a file that holds %j', async (text) => {
    const path = join(directory, 'bridge.json');
    await writeFile(path, text);
    await expect(readBridgeFile(path)).rejects.toMatchObject({ code: 'ERR_WIRE_NO_DAEMON' });
  });

  it('says how to start the daemon when there is no file', async () => {
    await expect(readBridgeFile(join(directory, 'none'))).rejects.toThrow(/ruvector-memopt serve/);
  });
});

async function startedOn(
  path: string,
  endpoints?: Endpoints,
): Promise<AsyncDisposable & { readonly test: TestServer }> {
  const started = await startTestServer(endpoints ?? (await createIpcEndpoints(path)));
  return { test: started, [Symbol.asyncDispose]: () => started.server.close() };
}
