// A stream server as a process of its own, for tests that kill it and for the benchmarks. Started with one
// JSON argument; prints one JSON line with its endpoints; ends with its standard input. It publishes
// numbered memory rows at a steady rate and keeps them in a file that a later server continues from.
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AnyRow } from '../../../src/core/index.ts';
import { createStreamHub, serveStream } from '../../../src/stream/index.ts';
import type { StreamFormat, StreamHistory } from '../../../src/stream/index.ts';
import { memoryRow, streamKinds } from './stream-hub.ts';

export interface StreamServerOptions {
  readonly endpoints: readonly string[];
  readonly format: StreamFormat;
  /** Rows published every 10 ms. */
  readonly rows: number;
  /** Timestamps of all rows ever published, one a line. */
  readonly historyFile: string;
  readonly memoryRows: number;
}

function fileHistory(path: string): StreamHistory {
  return {
    async *read(_table, { fromMs, toMs = Infinity }) {
      const numbers = readNumbers(path).filter((number) => number >= fromMs && number < toMs);
      yield numbers.map((number) => memoryRow(number));
    },
  };
}

function readNumbers(path: string): number[] {
  return existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n').filter(Boolean).map(Number) : [];
}

async function serve(options: StreamServerOptions): Promise<void> {
  const { historyFile, memoryRows, format } = options;
  const hub = createStreamHub({
    kinds: streamKinds,
    anonymized: false,
    memoryRows,
    history: fileHistory(historyFile),
  });
  let number = readNumbers(historyFile).at(-1) ?? 0;
  const handles = [];
  for (const endpoint of options.endpoints) handles.push(await serveStream({ hub, endpoint, format }));
  process.stdout.write(`${JSON.stringify(handles.map(({ endpoint }) => endpoint))}\n`);
  process.stdin.on('end', () => process.exit(0)).resume();
  for (;;) {
    const rows: AnyRow[] = Array.from({ length: options.rows }, () => memoryRow(++number));
    appendFileSync(historyFile, rows.map((row) => `${String(row['timestamp'])}\n`).join(''));
    hub.publish('memory', rows);
    await sleep(10);
  }
}

if (process.argv[1] === import.meta.filename) {
  await serve(JSON.parse(process.argv[2]!) as StreamServerOptions);
}
