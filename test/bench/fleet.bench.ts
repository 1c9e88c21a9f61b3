// fleet.publish: rows a second from a host's history into JetStream, and what it costs at 1 Hz; beside one message of JSON
// a row. fleet.collect: rows a second out of JetStream into a lake, beside the same messages taken and thrown away, and
// beside one message of JSON a row that becomes a line of a file.
import { strict as assert } from 'node:assert';
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { AckPolicy, RetentionPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { JetStreamClient, JsMsg } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import type { MemorySnapshot } from '../../src/core/index.ts';
import { publishToFleet } from '../../src/app/fleet/publish-to-fleet.ts';
import { createStreamService } from '../../src/app/streams/stream-service.ts';
import { collectFleet } from '../../src/fleet/index.ts';
import { openHistory } from '../../src/store/index.ts';
import { readCapture } from '../support/collect/capture-fixture.ts';
import { startJsonChild } from '../support/json-child.ts';
import { startNats } from '../support/nats-server.ts';
import type { NatsServer } from '../support/nats-server.ts';
import type { BenchCase, BenchTopic } from './harness.ts';

const ROWS = 20_000;
const SECONDS = Number(process.env['RUVECTOR_BENCH_SECONDS'] ?? 120);
const WINDOW = 256;

const rows = ((): MemorySnapshot[] => {
  const capture = readCapture();
  const startMs = Date.now() - ROWS * 1000;
  return Array.from({ length: ROWS }, (_, i) => ({
    ...capture[i % capture.length]!,
    timestamp: startMs + i * 1000,
  }));
})();

/** A folder and a server with the stream, for one run. */
async function withServer<T>(act: (server: NatsServer, folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'rvm-bench-fleet-'));
  await using server = await startNats();
  try {
    const connection = await connect({ servers: server.url });
    const manager = await jetstreamManager(connection);
    const retention = RetentionPolicy.Workqueue;
    await manager.streams.add({ name: 'RUVECTOR_FLEET', subjects: ['ruvector.fleet.rows.>'], retention });
    await manager.streams.add({ name: 'JSON', subjects: ['json'], retention });
    await connection.close();
    return await act(server, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Sends the rows of a history; resolves with the seconds until the server had the last one. */
async function publishRows(server: NatsServer, folder: string): Promise<number> {
  await using history = await openHistory(join(folder, 'history'));
  await using appended = createStreamService(history, () => undefined);
  await using publisher = await publishToFleet({
    access: { servers: server.url },
    history,
    appended,
    folder: join(folder, 'outbox'),
    host: 'bench',
    isAnonymized: true,
    batchMs: 100,
  });
  const started = performance.now();
  for (let at = 0; at < ROWS; at += 500) {
    const part = rows.slice(at, at + 500);
    history.append('memory', part);
    appended.publish('memory', part);
    await history.flush();
  }
  while (publisher.status.sentRows < ROWS) await sleep(10);
  return (performance.now() - started) / 1000;
}

/** One message of JSON a row, as many on their way as ours. */
async function publishJson(server: NatsServer): Promise<number> {
  const connection = await connect({ servers: server.url });
  const client: JetStreamClient = jetstream(connection);
  const started = performance.now();
  for (let at = 0; at < ROWS; at += WINDOW) {
    const part = rows.slice(at, at + WINDOW);
    await Promise.all(part.map((row) => client.publish('json', JSON.stringify(row))));
  }
  const seconds = (performance.now() - started) / 1000;
  await connection.close();
  return seconds;
}

async function collectRows(server: NatsServer, folder: string): Promise<number> {
  const started = performance.now();
  const report = await collectFleet({
    access: { servers: server.url },
    lake: join(folder, 'lake'),
    signal: AbortSignal.timeout(600_000),
    once: true,
  });
  assert.equal(report.rows, ROWS);
  return (performance.now() - started) / 1000;
}

/** Takes messages of a stream until so many rows came; each is acknowledged. */
async function consume(
  server: NatsServer,
  stream: string,
  take: (message: JsMsg) => number,
): Promise<number> {
  const connection = await connect({ servers: server.url });
  const manager = await jetstreamManager(connection);
  await manager.consumers.add(stream, { durable_name: 'plain', ack_policy: AckPolicy.Explicit });
  const consumer = await jetstream(connection).consumers.get(stream, 'plain');
  const started = performance.now();
  let taken = 0;
  for await (const message of await consumer.consume({ max_messages: 512 })) {
    taken += take(message);
    message.ack();
    if (taken >= ROWS) break;
  }
  await connection.flush();
  const seconds = (performance.now() - started) / 1000;
  await connection.close();
  return seconds;
}

const consumePlain = async (server: NatsServer): Promise<number> => {
  const info = await countMessages(server);
  return consume(server, 'RUVECTOR_FLEET', () => ROWS / info);
};

async function countMessages(server: NatsServer): Promise<number> {
  const connection = await connect({ servers: server.url });
  const { state } = await (await jetstreamManager(connection)).streams.info('RUVECTOR_FLEET');
  await connection.close();
  return state.messages;
}

async function consumeJson(server: NatsServer, folder: string): Promise<number> {
  const file = createWriteStream(join(folder, 'rows.jsonl'));
  const seconds = await consume(server, 'JSON', (message) => {
    const row: { timestamp: number } = message.json();
    file.write(`${JSON.stringify(row)}\n`);
    return 1;
  });
  file.end();
  await once(file, 'finish');
  return seconds;
}

/** Per cent of a core that publishing adds to a host at 1 Hz: two hosts side by side, one of which publishes. */
async function measureCpu(server: NatsServer, folder: string): Promise<number> {
  const script = join(import.meta.dirname, 'fleet-host.ts');
  const run = async (name: string, ...more: string[]): Promise<{ microsecondsASecond: number }> => {
    await using child = startJsonChild(process.execPath, [
      script,
      join(folder, name),
      String(SECONDS),
      ...more,
    ]);
    return await child.read();
  };
  const [with_, without] = await Promise.all([run('with', server.url), run('without')]);
  return (with_.microsecondsASecond - without.microsecondsASecond) / 10_000;
}

const rate = (seconds: number): number => ROWS / seconds;

async function* publishCases(): AsyncIterable<BenchCase> {
  yield {
    bench: 'fleet.publish',
    case: `${ROWS} rows of memory out of a history`,
    unit: 'rows/s',
    better: 'higher',
    anchorName: 'a message of JSON a row, 256 on their way',
    ours: () => withServer(async (server, folder) => rate(await publishRows(server, folder))),
    anchor: () => withServer(async (server) => rate(await publishJson(server))),
  };
  yield {
    bench: 'fleet.publish',
    case: `1 Hz and 150 processes every 30 s, for ${SECONDS} s`,
    unit: '% of a core',
    better: 'lower',
    anchorName: 'nothing to hold it against: the same host without is subtracted',
    ours: () => withServer(measureCpu),
    anchor: null,
    goal: (ours) => ours <= 0.2,
    runs: 1,
    warmup: false,
  };
}

async function* collectCases(): AsyncIterable<BenchCase> {
  const collected = (): Promise<number> =>
    withServer(async (server, folder) => {
      await publishRows(server, folder);
      return rate(await collectRows(server, folder));
    });
  yield {
    bench: 'fleet.collect',
    case: `${ROWS} rows into a lake, beside plain messages`,
    unit: 'rows/s',
    better: 'higher',
    anchorName: 'the same messages, taken, acknowledged and thrown away',
    ours: collected,
    anchor: () =>
      withServer(async (server, folder) => {
        await publishRows(server, folder);
        return rate(await consumePlain(server));
      }),
  };
  yield {
    bench: 'fleet.collect',
    case: `${ROWS} rows into a lake, beside JSON`,
    unit: 'rows/s',
    better: 'higher',
    anchorName: 'a message of JSON a row, into a file of lines',
    ours: collected,
    anchor: () =>
      withServer(async (server, folder) => {
        await publishJson(server);
        return rate(await consumeJson(server, folder));
      }),
    goal: (_, ratio) => ratio! > 1,
  };
}

export const topics: readonly BenchTopic[] = [
  { name: 'fleet.publish', cases: publishCases },
  { name: 'fleet.collect', cases: collectCases },
];
