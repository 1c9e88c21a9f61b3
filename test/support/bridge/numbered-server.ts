// A bridge whose batches say which one they are, as a process of its own: `node numbered-server.ts <directory> [memory
// folder]`. It prints one JSON line when it listens, and one for each line on its standard input: how much memory it
// has, the longest that its event loop was held up since the last line, and what it shares.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type * as arrow from 'apache-arrow';
import { PROTOCOL_VERSION, createBridgeServer, writeBridgeFile } from '../../../src/bridge/index.ts';
import { createIpcEndpoints } from '../../../src/sockets/index.ts';
import { buildFlatBatch, columnsSchema } from './wire-batches.ts';

/** As resuming-reader.py expects them: 64 KiB, of different sizes, values that no other batch has. */
const ROWS = 8192;
const LOOK_MS = 10;

async function* produce(first: number, last: number): AsyncGenerator<arrow.RecordBatch> {
  const value = new Float32Array(ROWS);
  for (let number = first; number < last; number++) {
    const rows = ROWS - (number % 7);
    const index = new Int32Array(rows);
    const start = number * ROWS;
    for (let i = 0; i < rows; i++) index[i] = (start + i) % 2 ** 31;
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
    process.stdout.write(`${JSON.stringify({ rssMib, longestMs, openStreams, sharedMemory })}\n`);
    longestMs = 0;
  })
  // Whoever started this holds its standard input: when that ends, so does the server.
  .on('close', () => process.exit(0));
process.stdout.write('{"listening":true}\n');
