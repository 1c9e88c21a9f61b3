// A bridge that other hosts reach, with keys in a folder of its own, for tests: the server on 127.0.0.1, clients with
// keys, and a man in the middle on 127.0.0.2, which has the same ports.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectBridge } from '../../../src/bridge/index.ts';
import type { BridgeClient, BulkKind } from '../../../src/bridge/index.ts';
import {
  DAEMON_NAME,
  allowClient,
  createKeyFile,
  followClients,
  revokeClient,
} from '../../../src/keys/index.ts';
import type { KeyFile } from '../../../src/keys/index.ts';
import { startTestServer } from './wire-server.ts';
import type { TestServer } from './wire-server.ts';

export interface RemoteBridge extends AsyncDisposable {
  readonly folder: string;
  readonly daemon: KeyFile;
  readonly own: TestServer;
  readonly endpoint: string;
  /** The same ports at the address of a man in the middle. */
  readonly proxied: string;
  /** Makes a key, and allows it unless told otherwise. */
  makeKey(name: string, isAllowed?: boolean): Promise<KeyFile>;
  revoke(name: string): Promise<void>;
  connect(key: KeyFile, endpoint?: string): Promise<BridgeClient>;
}

export interface RemoteBridgeOptions {
  readonly bulk?: BulkKind;
  readonly rekeyMessages?: number;
  readonly leaseMs?: number;
}

/** Starts one. */
export async function createRemoteBridge(options: RemoteBridgeOptions = {}): Promise<RemoteBridge> {
  const { bulk = 'aes-256-gcm', rekeyMessages = 2 ** 20, leaseMs = 1000 } = options;
  const folder = await mkdtemp(join(tmpdir(), 'ruvector-keys-'));
  const daemon = await createKeyFile(folder, DAEMON_NAME, null);
  const clients = followClients(folder, () => {});
  const endpoints = { control: 'tcp://127.0.0.1:0', data: 'tcp://127.0.0.1:0' };
  const own = await startTestServer(endpoints, leaseMs, null, {
    keys: { own: daemon, clients },
    bulk,
    rekey: { messages: rekeyMessages },
  });
  const endpoint = own.server.endpoints.control;
  return {
    folder,
    daemon,
    own,
    endpoint,
    proxied: endpoint.replace('127.0.0.1', '127.0.0.2'),
    async makeKey(name, isAllowed = true) {
      const key = await createKeyFile(folder, name, daemon.publicKey);
      if (isAllowed) await allowClient(folder, name, key.publicKey);
      return key;
    },
    async revoke(name) {
      await revokeClient(folder, name);
    },
    connect: (key, to = endpoint) =>
      connectBridge({ controlEndpoint: to, key: { ...key, daemonKey: key.daemonKey! }, leaseMs }),
    async [Symbol.asyncDispose]() {
      await own.server.close(1000);
      clients[Symbol.dispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Reads the counting feed: how many rows came, each in its place, and how it ended. */
export async function readAll(
  client: BridgeClient,
  params: object,
): Promise<{ rows: number; error: unknown }> {
  let rows = 0;
  try {
    const { batches } = await client.openBatches('count', params);
    for await (const batch of batches) {
      const index = batch.getChild('index')!.toArray() as Int32Array;
      for (const value of index) {
        if (value !== rows++) throw new Error(`row ${value} came where ${rows - 1} was due`);
      }
    }
    return { rows, error: null };
  } catch (error) {
    return { rows, error };
  }
}
