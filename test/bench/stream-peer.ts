// The subscriber of the stream benchmarks, in a process of its own. Takes jobs from its parent, answers
// `ready` once subscribed and then how long records took. Rows carry the time of their publication on
// CLOCK_MONOTONIC, which all processes share, in total_mb.
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { openDataStream } from '../../src/stream/index.ts';
import type { StreamFormat } from '../../src/stream/index.ts';

export interface StreamJob {
  /** `plain` reads a WebSocket with JSON.parse and nothing else. */
  readonly endpoint: string;
  readonly format: StreamFormat | 'plain';
  readonly records: number;
}

/** Delays in ms, and records a second from the first publication to the last arrival. */
export interface StreamReport {
  readonly delays: readonly number[];
  readonly perSecond: number;
}

const nowMs = (): number => Number(process.hrtime.bigint()) / 1e6;

class Meter {
  readonly #records: number;
  readonly #delays: number[] = [];
  #firstMs = 0;

  constructor(records: number) {
    this.#records = records;
  }

  /** True when that was the last record. */
  note(sentMs: number): boolean {
    const atMs = nowMs();
    if (this.#delays.length === 0) this.#firstMs = sentMs;
    this.#delays.push(atMs - sentMs);
    if (this.#delays.length < this.#records) return false;
    process.send!({ delays: this.#delays, perSecond: (this.#records / (atMs - this.#firstMs)) * 1000 });
    return true;
  }
}

async function readStream({ endpoint, format, records }: StreamJob): Promise<void> {
  await using stream = openDataStream(endpoint, { format: format as StreamFormat });
  const meter = new Meter(records);
  for await (const event of stream.subscribeAll({ tables: ['memory'], overflow: 'block' })) {
    if (event.type === 'hello') process.send!('ready');
    else if (event.type === 'record' && meter.note(event.row['total_mb'] as number)) return;
  }
}

async function readPlain({ endpoint, records }: StreamJob): Promise<void> {
  const ws = new WebSocket(endpoint, { perMessageDeflate: false });
  const meter = new Meter(records);
  ws.on('open', () => process.send!('ready'));
  ws.on('message', (data: Buffer) => {
    const row = JSON.parse(data.toString()) as { total_mb: number };
    if (meter.note(row.total_mb)) ws.close();
  });
  await once(ws, 'close');
}

process.on('message', (job: StreamJob) => void (job.format === 'plain' ? readPlain(job) : readStream(job)));
