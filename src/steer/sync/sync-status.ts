// What a person asks of pattern sync: who the peers are, what waits, what came, what was spent.
import { isMuted } from './candidates.ts';
import { countInbox, listTaken, listTrust } from './inbox.ts';
import { listLedger } from './ledger.ts';
import type { LedgerDay } from './ledger.ts';
import { countWaiting } from './outbox.ts';
import type { SyncPeer } from './peers.ts';
import type { SyncDatabase } from './sync-database.ts';

/** A peer in {@link SyncStatus}. */
export interface SyncPeerStatus {
  readonly name: string;
  readonly fingerprint: string;
  readonly endpoint: string | null;
  /** Bundles that wait to be handed over. */
  readonly waiting: number;
  /** Bundles taken of it, and when the last one came. */
  readonly taken: number;
  readonly lastTakenMs: number | null;
  /** What trials said of its proposals. */
  readonly accepted: number;
  readonly rejected: number;
  /** Its proposals failed so often that they are left out. */
  readonly isMuted: boolean;
}

/** The state of pattern sync. */
export interface SyncStatus {
  readonly fingerprint: string;
  readonly peers: readonly SyncPeerStatus[];
  /** Patterns that came, of all peers. */
  readonly patterns: number;
  /** What was spent, the last day first. */
  readonly days: readonly LedgerDay[];
}

/** What is looked at. */
export interface StatusSources {
  readonly database: SyncDatabase;
  readonly fingerprint: string;
  readonly peers: readonly SyncPeer[];
}

export function describeSync({ database, fingerprint, peers }: StatusSources): SyncStatus {
  const [waiting, taken, trust] = [countWaiting(database), listTaken(database), listTrust(database)];
  return {
    fingerprint,
    peers: peers.map(({ name, card, endpoint }) => {
      const known = trust.get(card.fingerprint) ?? { accepted: 0, rejected: 0 };
      return {
        name,
        fingerprint: card.fingerprint,
        endpoint,
        waiting: waiting.get(card.fingerprint) ?? 0,
        taken: taken.get(card.fingerprint)?.bundles ?? 0,
        lastTakenMs: taken.get(card.fingerprint)?.atMs ?? null,
        ...known,
        isMuted: isMuted(known),
      };
    }),
    patterns: countInbox(database),
    days: listLedger(database),
  };
}
