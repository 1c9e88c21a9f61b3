// What tests of pattern sync share: hosts in folders of their own, votes, a transport that only these two know.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { transportError } from '../../../src/steer/sync/errors.ts';
import { addPeer, openPatternSync, templateKey } from '../../../src/steer/sync/index.ts';
import type {
  LocalVote,
  PatternSync,
  PatternSyncOptions,
  SyncPeer,
  Receipt,
  SyncTransport,
} from '../../../src/steer/sync/index.ts';

export const arms = ['default', 'no_nestloop', 'no_hashjoin', 'no_bitmapscan'] as const;
export const START_MS = Date.UTC(2026, 10, 29, 12);
export const DAY_MS = 86_400_000;

/** A host with a clock that a test sets. */
export interface TestHost extends AsyncDisposable {
  readonly folder: string;
  readonly sync: PatternSync;
  nowMs: number;
}

/** @param folder @default a new one, removed with the host */
export async function createHost(
  options: Omit<PatternSyncOptions, 'folder' | 'nowMs'> & { readonly folder?: string } = {},
): Promise<TestHost> {
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'ruvector-sync-')));
  const host = { folder, nowMs: START_MS } as { -readonly [K in keyof TestHost]: TestHost[K] };
  host.sync = await openPatternSync({ ...options, folder, nowMs: () => host.nowMs });
  host[Symbol.asyncDispose] = async () => {
    host.sync[Symbol.dispose]();
    if (options.folder === undefined) await rm(folder, { recursive: true, force: true });
  };
  return host;
}

/** Each pins the other. */
export async function pinEachOther(a: TestHost, b: TestHost): Promise<void> {
  await pin(a, b, 'b');
  await pin(b, a, 'a');
}

export function pin(
  at: TestHost,
  peer: TestHost,
  name: string,
  endpoint: string | null = null,
): Promise<void> {
  return addPeer(at.sync.peersFile, { name, card: peer.sync.keys.card, endpoint });
}

export function voteOn(template: string, arm: string, sinceMs = 0): LocalVote {
  return { kind: 'vote', key: templateKey(template), arms, arm, sinceMs };
}

/** Hands bundles to hosts in this process; what it carried is kept. */
export class DirectTransport implements SyncTransport {
  readonly address = 'direct';
  readonly carried: Uint8Array[] = [];
  /** While true, nothing gets through. */
  isAway = false;
  readonly #hosts: ReadonlyMap<string, TestHost>;

  constructor(...hosts: readonly TestHost[]) {
    this.#hosts = new Map(hosts.map((host) => [host.sync.keys.card.fingerprint, host]));
  }

  reaches({ card }: SyncPeer): boolean {
    return this.#hosts.has(card.fingerprint);
  }

  send({ card }: SyncPeer, bundle: Uint8Array): Promise<Receipt> {
    if (this.isAway) return Promise.reject(transportError('direct', 'it is switched off'));
    this.carried.push(bundle);
    return this.#hosts.get(card.fingerprint)!.sync.take(bundle);
  }

  fetch(): Promise<void> {
    return this.isAway ? Promise.reject(transportError('direct', 'it is switched off')) : Promise.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
