// A subscriber as a process of its own, for tests that stop it. Started with one JSON argument; prints
// `hello` once subscribed and at the end one JSON line: how the numbers up to `until` were accounted for.
import { openDataStream } from '../../../src/stream/index.ts';
import type { OverflowPolicy, StreamFormat } from '../../../src/stream/index.ts';

export interface StreamConsumerOptions {
  readonly endpoint: string;
  readonly format: StreamFormat;
  readonly overflow: OverflowPolicy;
  /** Last sequence number to wait for. */
  readonly until: number;
}

export interface StreamConsumerReport {
  records: number;
  dropped: number;
  gaps: number;
  /** True when records and gaps cover every number once, in order. */
  isComplete: boolean;
}

async function consume({ endpoint, format, overflow, until }: StreamConsumerOptions): Promise<void> {
  await using stream = openDataStream(endpoint, { format });
  const report: StreamConsumerReport = { records: 0, dropped: 0, gaps: 0, isComplete: true };
  let last: number | undefined;
  for await (const event of stream.subscribeAll({ tables: ['memory'], overflow })) {
    if (event.type === 'hello') {
      if (last === undefined) process.stdout.write('hello\n');
      last ??= event.sequences.memory ?? 0;
      continue;
    }
    const [from, to] =
      event.type === 'record' ? [event.sequence, event.sequence] : [event.fromSequence, event.toSequence];
    if (event.type === 'record') report.records++;
    else {
      report.gaps++;
      report.dropped += event.dropped;
      report.isComplete &&= event.dropped === to - from + 1;
    }
    report.isComplete &&= from === last! + 1;
    last = to;
    if (last >= until) break;
  }
  process.stdout.write(`${JSON.stringify(report)}\n`);
}

await consume(JSON.parse(process.argv[2]!) as StreamConsumerOptions);
