// A real bridge server as a process of its own, for tests that kill it, and for Python's tests.
// `node test/support/bridge/wire-server.ts <directory> [tcp|ipc] [memory folder]` prints one JSON line when it listens and
// writes <directory>/run/bridge.json. It serves echo, fail, wait, status and the counting stream.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { RuvectorError } from '../../../src/core/index.ts';
import { PROTOCOL_VERSION, createBridgeServer, writeBridgeFile } from '../../../src/bridge/index.ts';
import { createIpcEndpoints } from '../../../src/sockets/index.ts';
import type {
  BatchMemoryOptions,
  BridgeServer,
  RemoteAccess,
  RequestHandler,
} from '../../../src/bridge/index.ts';
import type { Endpoints } from '../../../src/sockets/index.ts';
import { buildCountingFeed } from './wire-batches.ts';
import type { CountingFeed } from './wire-batches.ts';

export interface TestServer {
  readonly server: BridgeServer;
  readonly source: CountingFeed;
  readonly token: string;
}

const TOKEN = 'a-token-for-tests';

const echo: RequestHandler = async (params, { attachments, progress }) => {
  progress({ step: 1 });
  return { result: params, attachments };
};

const fail: RequestHandler = async () => {
  throw new RuvectorError('ERR_MODEL_REJECTED', 'Cannot accept model "m": it is a test; try another', {
    details: { reason: 'test', big: 2n ** 60n, traceback: 'Traceback (most recent call last): ...' },
  });
};

/** Starts the server of these tests in this process. */
export async function startTestServer(
  endpoints: Endpoints,
  leaseMs = 1000,
  sharedMemory: BatchMemoryOptions | null = {},
  remote?: RemoteAccess,
): Promise<TestServer> {
  const source = buildCountingFeed();
  const requests: Record<string, RequestHandler> = {
    echo,
    fail,
    wait: async (params, { signal }) => {
      await sleep((params as { ms: number }).ms, undefined, { signal });
      return { result: 'waited' };
    },
    status: async () => ({ result: { stats: server.stats(), source: { ...source, open: undefined } } }),
  };
  const server: BridgeServer = await createBridgeServer({
    controlEndpoint: endpoints.control,
    dataEndpoint: endpoints.data,
    token: TOKEN,
    leaseMs,
    maxMessageBytes: 64 * 2 ** 20,
    sharedMemory,
    ...(remote && { remote }),
    requests,
    feeds: { count: source },
  });
  return { server, source, token: TOKEN };
}

async function serve(directory: string, isTcp: boolean, folder?: string): Promise<void> {
  const run = join(directory, 'run');
  await mkdir(run, { recursive: true });
  const local = { control: 'tcp://127.0.0.1:0', data: 'tcp://127.0.0.1:0' };
  const endpoints = isTcp ? local : await createIpcEndpoints(run);
  const { server, token } = await startTestServer(endpoints, 1000, folder ? { folder } : {});
  const file = { endpoints: server.endpoints, token, pid: process.pid, protocol: PROTOCOL_VERSION };
  await writeBridgeFile(join(run, 'bridge.json'), file);
  process.stdout.write(`${JSON.stringify(file)}\n`);
  process.on('SIGTERM', () => void server.close().then(() => process.exit(0)));
  // Whoever started this holds its standard input: when that ends, so does the server.
  process.stdin.on('end', () => process.exit(0)).resume();
}

if (process.argv[1] === import.meta.filename) {
  await serve(process.argv[2]!, process.argv[3] === 'tcp', process.argv[4]);
}
