// A bridge whose batches say which one they are, as a process of its own: `node numbered-server.ts <directory> [memory
// folder]`. It prints one JSON line when it listens, and one for each line on its standard input: how much memory it
// has, the longest that its event loop was held up since the last line, the samples it took of the host meanwhile, and
// what it shares.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type * as arrow from 'apache-arrow';
import { PROTOCOL_VERSION, createBridgeServer, writeBridgeFile } from '../../../src/bridge/index.ts';
import { createCollector, sampleAtRate } from '../../../src/collect/index.ts';
import { createIpcEndpoints } from '../../../src/sockets/index.ts';
import { buildFlatBatch, columnsSchema } from './wire-batches.ts';

/** As resuming-reader.py expects them: of different sizes, up to 64 KiB, values that no other batch has. */
const ROWS = 8192;
const rowsOf = (number: number): number => (number % 16 === 0 ? ROWS : ROWS / 8) - (number % 7);
/** Values count on over all batches, and begin again here: a multiple of ROWS, so never within a batch. */
const CYCLE = 2 ** 31;
const LOOK_MS = 10;
const SAMPLES_HZ = 20;

async function* produce(first: number, last: number): AsyncGenerator<arrow.RecordBatch> {
  const value = new Float32Array(ROWS);
  for (let number = first; number < last; number++) {
    const rows = rowsOf(number);
    const index = new Int32Array(rows);
    const start = ((number * ROWS) % CYCLE) | 0;
    for (let i = 0; i < rows; i++) index[i] = start + i;
    yield buildFlatBatch(columnsSchema, [index, value.subarray(0, rows)], rows);
  }
}

const [directory, folder] = process.argv.slice(2);
const run = join(directory!, 'run');
await mkdir(run, { recursive: true });
const endpoints = await createIpcEndpoints(run);
const server = await createBridgeServer({
  controlEndpoint: endpoints.control,
  dataEndpoint: endpoints.data,
  token: 'a-token-for-tests',
  sharedMemory: folder ? { folder } : {},
  feeds: {
    numbered: {
      open: async (params) => {
        const { first, last } = params as { first: number; last: number };
        return { schema: columnsSchema, batches: produce(first, last) };
      },
    },
  },
});
const file = {
  endpoints: server.endpoints,
  token: 'a-token-for-tests',
  pid: process.pid,
  protocol: PROTOCOL_VERSION,
};
await writeBridgeFile(join(run, 'bridge.json'), file);

const collector = await createCollector({ processIntervalMs: 60_000 });
const samples = { count: 0, longestMs: 0 };
void (async () => {
  let beforeMs: number | null = null;
  for await (const { monotonicMs } of sampleAtRate({ collector, hz: SAMPLES_HZ })) {
    samples.count++;
    samples.longestMs = Math.max(samples.longestMs, monotonicMs - (beforeMs ?? monotonicMs));
    beforeMs = monotonicMs;
  }
})();

let [lastMs, longestMs] = [performance.now(), 0];
setInterval(() => {
  const nowMs = performance.now();
  longestMs = Math.max(longestMs, nowMs - lastMs - LOOK_MS);
  lastMs = nowMs;
}, LOOK_MS);
createInterface({ input: process.stdin })
  .on('line', () => {
    const { openStreams, sharedMemory } = server.stats();
    const rssMib = Math.round(process.memoryUsage.rss() / 2 ** 20);
    const look = { rssMib, longestMs, samples, openStreams, sharedMemory };
    process.stdout.write(`${JSON.stringify(look)}\n`);
    longestMs = 0;
    Object.assign(samples, { count: 0, longestMs: 0 });
  })
  // Whoever started this holds its standard input: when that ends, so does the server.
  .on('close', () => process.exit(0));
process.stdout.write('{"listening":true}\n');
