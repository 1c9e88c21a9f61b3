// A thousand secrets of every kind are planted in process names, arguments, environments and error texts;
// then everything that leaves a host is written to files, decompressed and searched for them. The same
// search finds all of them in what is exported plainly, so that it could fail.
import { execFile } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, createConnection } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import * as arrow from 'apache-arrow';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildBatchFeeds } from '../../../src/app/requests/batch-feeds.ts';
import type { BatchInputs } from '../../../src/app/requests/batch-feeds.ts';
import { publishHistory } from '../../../src/app/exports/publish-history.ts';
import { createStreamService } from '../../../src/app/streams/stream-service.ts';
import type { StreamService } from '../../../src/app/streams/stream-service.ts';
import { resolveHome } from '../../../src/core/index.ts';
import { createDataExporter } from '../../../src/export/index.ts';
import type { Compression } from '../../../src/export/index.ts';
import { createLiveAnonymizer } from '../../../src/prepare/index.ts';
import { openHistory } from '../../../src/store/index.ts';
import type { History } from '../../../src/store/index.ts';
import { openDataStream, streamFormats } from '../../../src/stream/index.ts';
import type { StreamFormat } from '../../../src/stream/index.ts';
import { plantSecrets, secretNames, secretTexts, secrets } from '../../support/prepare/canary.ts';
import type { PlantedRows } from '../../support/prepare/canary.ts';
import { python } from '../../support/python.ts';

const script = join(import.meta.dirname, '../../support/prepare/scan-secrets.py');
const files: readonly (readonly [format: string, name: string, Compression])[] = [
  ...(['csv', 'json', 'jsonl'] as const).flatMap((format) => [
    [format, `data.${format}`, 'none'] as const,
    [format, `data.${format}.gz`, 'gzip'] as const,
    [format, `data.${format}.zst`, 'zstd'] as const,
  ]),
  ['parquet', 'none.parquet', 'none'],
  ['parquet', 'snappy.parquet', 'snappy'],
  ['parquet', 'zstd.parquet', 'zstd'],
  ['sqlite', 'data.sqlite', 'none'],
  ['arrow', 'data.arrow', 'none'],
];

let root: string;
let planted: PlantedRows;
let history: History;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'rvm-canary-'));
  const home = resolveHome(join(root, 'home'));
  planted = await plantSecrets(home.history, join(root, 'fixture'));
  history = await openHistory(home.history, { readOnly: true });
  await writeFile(join(root, 'secrets.json'), JSON.stringify(secrets));
});

afterAll(async () => {
  await history.close();
  await rm(root, { recursive: true, force: true });
});

async function createFolder(name: string): Promise<string> {
  const folder = join(root, name);
  await mkdir(folder, { recursive: true });
  return folder;
}

/** Secrets by file, of every file below the folder. */
async function scan(folder: string): Promise<Record<string, string[]>> {
  const { stdout } = await promisify(execFile)(python, [script, join(root, 'secrets.json'), folder], {
    maxBuffer: 2 ** 28,
  });
  return JSON.parse(stdout) as Record<string, string[]>;
}

async function expectNone(folder: string, fileCount: number): Promise<void> {
  const found = await scan(folder);
  expect(Object.keys(found).length).toBeGreaterThanOrEqual(fileCount);
  expect(Object.entries(found).filter(([, hits]) => hits.length > 0)).toEqual([]);
}

/** Every secret is in the files, each file (of those that match) counted together. */
function expectAll(
  found: Readonly<Record<string, readonly string[]>>,
  isPart: (path: string) => boolean,
): void {
  const hits = Object.entries(found).flatMap(([path, names]) => (isPart(path) ? names : []));
  expect(new Set(hits).size).toBe(secrets.length);
}

/** Its history has an action in every horizon. */
const everyRow = { includeActed: true };

describe('plantSecrets()', () => {
  it('makes a thousand different ones, which never reach the history as arguments or environments', async () => {
    expect(new Set(secrets).size).toBe(1000);
    expect(planted.process).toHaveLength(6 * secretNames.length);
    const text = JSON.stringify(await history.rows('process'));
    expect(secretNames.every((name) => text.includes(name))).toBe(true);
    expect(secretTexts.filter((secret) => text.includes(secret))).toEqual([]);
  });
});

describe('exportRange() beside secrets', () => {
  const exportAll = async (folder: string, anonymize: boolean): Promise<void> => {
    const exporter = createDataExporter({ source: history });
    const tables = { includeProcesses: true, includeEvents: true };
    for (const [format, name, compression] of files) {
      const path = join(folder, name);
      await exporter.exportRange(undefined, undefined, format, path, { ...tables, anonymize, compression });
    }
  };

  it('writes none of them in any format and compression', async () => {
    const folder = await createFolder('anonymous');
    await exportAll(folder, true);
    await expectNone(folder, 3 * (files.length - 1) + 1);
  });

  it('writes all of them, in every format, when it does not anonymise', async () => {
    const folder = await createFolder('plain');
    await exportAll(folder, false);
    const found = await scan(folder);
    for (const [, name] of files) {
      const suffix = name.slice(name.indexOf('.'));
      const stem = name.slice(0, name.indexOf('.'));
      expectAll(found, (path) => path.startsWith(`${stem}.`) && path.endsWith(suffix));
    }
  });

  it('exportTrainingData() writes none of them', async () => {
    const folder = await createFolder('training');
    await createDataExporter({ source: history }).exportTrainingData(everyRow, `${folder}/`);
    await expectNone(folder, 3);
  });
});

describe('publishDataset() beside secrets', () => {
  const publish = (folder: string, allowIdentifying: boolean): Promise<unknown> => {
    const home = resolveHome(join(root, 'home'));
    const options = { to: folder, allowIdentifying };
    return publishHistory(home, { ...everyRow, tables: ['memory', 'process', 'optimization'] }, options);
  };

  it('writes none of them', async () => {
    const folder = join(root, 'published');
    await publish(folder, false);
    await expectNone(folder, 8);
  });

  it('writes all of them when that was asked for', async () => {
    const folder = join(root, 'plain-published');
    await publish(folder, true);
    expectAll(await scan(folder), () => true);
  });
});

/** Keeps the bytes that a server sends to the first who connects here. */
interface Tap extends AsyncDisposable {
  readonly port: number;
  readonly received: Buffer[];
}

async function createTap(port: number): Promise<Tap> {
  const received: Buffer[] = [];
  const sockets: Socket[] = [];
  const server = createServer((client) => {
    const upstream = createConnection(port, '127.0.0.1');
    sockets.push(client, upstream);
    for (const socket of [client, upstream]) socket.on('error', () => socket.destroy());
    upstream.on('data', (bytes) => received.push(bytes));
    upstream.pipe(client);
    client.pipe(upstream);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    received,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function publishPlanted(service: StreamService): number {
  const rows = { memory: planted.memory.slice(0, 10), process: planted.process.slice(0, 250) };
  service.publish('memory', rows.memory);
  service.publish('process', rows.process);
  service.publish('optimization', planted.optimization);
  return rows.memory.length + rows.process.length + planted.optimization.length;
}

/** What a subscriber at a socket was sent. */
async function captureSocket(
  scheme: 'ws' | 'tcp',
  format: StreamFormat,
  anonymize: boolean,
): Promise<Buffer> {
  await using service = createStreamService(history, () => {});
  const { endpoint } = await service.start({ endpoint: `${scheme}://127.0.0.1:0`, format, anonymize });
  await using tap = await createTap(Number(new URL(endpoint.replace('tcp:', 'http:')).port));
  await using stream = openDataStream(`${scheme}://127.0.0.1:${tap.port}`, { format, reconnect: false });
  let left = Infinity;
  for await (const event of stream.subscribeAll({ overflow: 'block' })) {
    if (event.type === 'hello') left = publishPlanted(service);
    else if (event.type === 'record') left--;
    if (left === 0) break;
  }
  expect(left).toBe(0);
  return Buffer.concat(tap.received);
}

/** What a reader of a pipe got. */
async function capturePipe(format: StreamFormat, anonymize: boolean): Promise<Buffer> {
  const path = join(root, `${format}-${anonymize}.pipe`);
  const received: Buffer[] = [];
  {
    await using service = createStreamService(history, () => {});
    const request = { overflow: 'block' } as const;
    await service.start({ endpoint: `pipe:${path}`, format, anonymize, request });
    const reader = createReadStream(path);
    reader.on('data', (bytes) => received.push(bytes as Buffer));
    while (received.length === 0) await sleep(5);
    publishPlanted(service);
    let bytes = -1;
    for (let now = 0; now !== bytes || now < 10_000; now = Buffer.concat(received).length) {
      bytes = now;
      await sleep(100);
    }
    reader.destroy();
  }
  return Buffer.concat(received);
}

describe('openDataStream() beside secrets', () => {
  const capture = async (folder: string, anonymize: boolean): Promise<void> => {
    for (const format of streamFormats) {
      await writeFile(join(folder, `ws.${format}`), await captureSocket('ws', format, anonymize));
      await writeFile(join(folder, `zeromq.${format}`), await captureSocket('tcp', format, anonymize));
      await writeFile(join(folder, `pipe.${format}`), await capturePipe(format, anonymize));
    }
  };

  it('carries none of them over any transport in any format', async () => {
    const folder = await createFolder('streams');
    await capture(folder, true);
    await expectNone(folder, 12);
  });

  it('carries all of them when it is not anonymised', async () => {
    const folder = await createFolder('plain-streams');
    await capture(folder, false);
    const found = await scan(folder);
    for (const path of Object.keys(found)) expectAll(found, (other) => other === path);
  });
});

describe('buildBatchFeeds()', () => {
  const inputs = (): BatchInputs => ({
    followed: { history, appended: null as never },
    datasets: null as never,
    anonymizer: createLiveAnonymizer(),
  });
  const capture = async (folder: string, params: Record<string, unknown>): Promise<void> => {
    const sources = buildBatchFeeds(inputs());
    for (const name of ['process', 'optimization']) {
      const opened = await sources[name]!.open({ follow: false, ...params }, new AbortController().signal);
      const batches: arrow.RecordBatch[] = [];
      for await (const batch of opened.batches) batches.push(batch);
      await writeFile(join(folder, `${name}.arrow`), arrow.tableToIPC(new arrow.Table(batches)));
    }
  };

  it('carries none of them, and all of them when they are asked for', async () => {
    const folder = await createFolder('bridge');
    await capture(folder, {});
    await expectNone(folder, 2);
    const plain = await createFolder('plain-bridge');
    await capture(plain, { anonymize: false });
    expectAll(await scan(plain), () => true);
  });
});
