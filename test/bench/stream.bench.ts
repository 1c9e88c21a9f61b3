// stream.latency: from publish() to the subscriber's iterator in another process at 1,000 records/s, each
// transport × format, beside the same rows through a plain WebSocket with JSON. stream.throughput: records/s
// of a backlog. The rows are those of the real capture.
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket, WebSocketServer } from 'ws';
import { buildAdrView, memoryKind } from '../../src/core/index.ts';
import type { AnyRow } from '../../src/core/index.ts';
import { createStreamHub, publishedKinds, serveStream, streamFormats } from '../../src/stream/index.ts';
import type { StreamFormat } from '../../src/stream/index.ts';
import { readCapture } from '../support/collect/capture-fixture.ts';
import { quantile } from './harness.ts';
import type { BenchCase, BenchTopic } from './harness.ts';
import type { StreamJob, StreamReport } from './stream-peer.ts';

const RATE = 1000;
const LATENCY_RECORDS = 600;
/** Records before the connection and the code are warm do not count. */
const WARM_RECORDS = 100;
const THROUGHPUT_RECORDS = 20_000;
const RUNS = 3;
const GOAL_P99_MS = 5;
const PLAIN = 'plain ws server and client, JSON.stringify and JSON.parse';

interface Rig extends AsyncDisposable {
  readonly directory: string;
  readonly rows: readonly AnyRow[];
  run(job: StreamJob, publish: () => Promise<void>): Promise<StreamReport>;
}

async function createRig(): Promise<Rig> {
  const directory = await mkdtemp(join(tmpdir(), 'rvm-stream-bench-'));
  const peer: ChildProcess = fork(join(import.meta.dirname, 'stream-peer.ts'), { execArgv: [] });
  const view = buildAdrView('memory', memoryKind);
  return {
    directory,
    rows: readCapture().map((row) => view.toRow(row)),
    run: async (job, publish) => {
      const ready = once(peer, 'message');
      peer.send(job);
      await ready;
      const report = once(peer, 'message') as Promise<[StreamReport]>;
      await publish();
      return (await report)[0];
    },
    [Symbol.asyncDispose]: async () => {
      peer.kill();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

const nowMs = (): number => Number(process.hrtime.bigint()) / 1e6;

/** Hands rows over at the rate, or as fast as they are taken. */
async function publishRows(
  rig: Rig,
  records: number,
  rate: number,
  publish: (row: AnyRow) => void,
): Promise<void> {
  const startMs = nowMs();
  for (let sent = 0; sent < records;) {
    const due = Math.min(records, rate === Infinity ? sent + 200 : ((nowMs() - startMs) / 1000) * rate);
    for (; sent < due; sent++) publish({ ...rig.rows[sent % rig.rows.length]!, total_mb: nowMs() });
    await (rate === Infinity ? new Promise(setImmediate) : sleep(1));
  }
}

type Publish = (job: StreamJob, rate: number) => Promise<StreamReport>;

/** Serves a hub of its own for one transport and format. */
function ours(rig: Rig, endpoint: string, format: StreamFormat): Publish {
  return async (job, rate) => {
    const hub = createStreamHub({ kinds: publishedKinds, anonymized: false, memoryRows: THROUGHPUT_RECORDS });
    await using handle = await serveStream({ hub, endpoint, format, request: { tables: ['memory'] } });
    return await rig.run({ ...job, endpoint: handle.endpoint, format }, () =>
      publishRows(rig, job.records, rate, (row) => hub.publish('memory', [row])),
    );
  };
}

function plain(rig: Rig): Publish {
  return async (job, rate) => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const report = await rig.run({ ...job, endpoint: `ws://127.0.0.1:${port}`, format: 'plain' }, () =>
      publishRows(rig, job.records, rate, (row) => {
        const text = JSON.stringify(row);
        for (const ws of server.clients) if (ws.readyState === WebSocket.OPEN) ws.send(text);
      }),
    );
    server.close();
    return report;
  };
}

function combinations(directory: string): { name: string; endpoint: string; format: StreamFormat }[] {
  const transports = {
    websocket: 'ws://127.0.0.1:0',
    zeromq: `ipc://${directory}/s.sock`,
    pipe: `pipe:${directory}/s.pipe`,
  };
  return Object.entries(transports).flatMap(([transport, endpoint]) =>
    streamFormats.map((format) => ({ name: `${transport} ${format}`, endpoint, format })),
  );
}

/** Runs once and keeps the median, which is reported after the 99th percentile of the same runs. */
function latency(publish: Publish, medians: number[]): () => Promise<number> {
  return async () => {
    const job = { endpoint: '', format: 'plain', records: WARM_RECORDS + LATENCY_RECORDS } as const;
    const delays = (await publish(job, RATE)).delays.slice(WARM_RECORDS);
    medians.push(quantile(delays, 0.5));
    return quantile(delays, 0.99);
  };
}

async function* latencyCases(): AsyncGenerator<BenchCase> {
  await using rig = await createRig();
  const common = { bench: 'stream.latency', unit: 'ms', better: 'lower', runs: RUNS, warmup: false } as const;
  for (const { name, endpoint, format } of combinations(rig.directory)) {
    const mine: number[] = [];
    const theirs: number[] = [];
    yield {
      ...common,
      case: `${name} p99`,
      anchorName: PLAIN,
      ours: latency(ours(rig, endpoint, format), mine),
      anchor: latency(plain(rig), theirs),
      goal: (p99) => p99 <= GOAL_P99_MS,
    };
    yield {
      ...common,
      case: `${name} p50`,
      anchorName: PLAIN,
      ours: async () => mine.shift()!,
      anchor: async () => theirs.shift()!,
    };
  }
}

async function* throughputCases(): AsyncGenerator<BenchCase> {
  await using rig = await createRig();
  const job = { endpoint: '', format: 'plain', records: THROUGHPUT_RECORDS } as const;
  const perSecond = (publish: Publish) => async () => (await publish(job, Infinity)).perSecond;
  for (const { name, endpoint, format } of combinations(rig.directory)) {
    yield {
      bench: 'stream.throughput',
      case: name,
      unit: 'records/s',
      better: 'higher',
      runs: RUNS,
      warmup: false,
      anchorName: PLAIN,
      ours: perSecond(ours(rig, endpoint, format)),
      anchor: perSecond(plain(rig)),
      goal: (_ours, ratio) => ratio! >= 1,
    };
  }
}

export const topics: readonly BenchTopic[] = [
  { name: 'stream.latency', cases: latencyCases },
  { name: 'stream.throughput', cases: throughputCases },
];
