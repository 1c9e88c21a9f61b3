// What leaves this host: a release takes its patterns, its spend, its sequence number and a bundle for every peer into the
// file in one transaction; only then can a transport see the bundles. A crash sends the same bytes again, never new noise.
import type { HostCard, HostKeys } from './host-keys.ts';
import { spend } from './ledger.ts';
import { patternId } from './pattern.ts';
import type { LocalPattern } from './pattern.ts';
import { encodePayload } from './payload.ts';
import { costOf, privatise } from './privacy.ts';
import type { PrivacyCost, PrivacySettings } from './privacy.ts';
import type { RandomIntegers } from './random-bits.ts';
import { sealBundle } from './seal-bundle.ts';
import type { SqlValue, SyncDatabase } from './sync-database.ts';

/** What is released, and to whom. */
export interface ReleaseRequest {
  readonly patterns: readonly LocalPattern[];
  readonly peers: readonly HostCard[];
  readonly keys: HostKeys;
  readonly privacy: PrivacySettings;
  readonly random: RandomIntegers;
  readonly nowMs: number;
}

/** A bundle that waits. */
export interface WaitingBundle {
  readonly peer: string;
  readonly sequence: number;
  readonly bundle: Uint8Array;
}

/** Bundles that wait for one peer; the oldest go, because later ones say more. */
const MOST_WAITING = 256;

/**
 * Hides the patterns once, whatever the number of peers: peers who compare their copies learn nothing more.
 * Inside of a transaction of the caller, and in vain without it.
 * @returns the sequence number
 * @throws RuvectorError `ERR_STEER_SYNC_BUDGET`, `ERR_STEER_SYNC_SIZE`; nothing is spent then
 */
export function release(database: SyncDatabase, request: ReleaseRequest): number {
  const { patterns, peers, keys, privacy, random, nowMs } = request;
  const sequence = takeSequence(database, nowMs);
  if (privacy)
    spend(database, privacy, {
      cost: sumCosts(patterns, privacy),
      patterns: patterns.length,
      sequence,
      nowMs,
    });
  const payload = encodePayload({
    privacy: {
      epsilonPerVote: privacy?.epsilonPerVote ?? 0,
      epsilonPerVector: privacy?.epsilonPerVector ?? 0,
    },
    patterns: patterns.map((pattern) => privatise(pattern, privacy, random)),
  });
  for (const recipient of peers) {
    const bundle = sealBundle({ sender: keys, recipient, sequence, createdMs: nowMs, payload });
    const { fingerprint } = recipient;
    database.run('INSERT INTO outbox VALUES (?, ?, ?, ?)', sequence, fingerprint, Math.floor(nowMs), bundle);
    database.run(
      'DELETE FROM outbox WHERE peer = ? AND sequence NOT IN (SELECT sequence FROM outbox WHERE peer = ? ORDER BY sequence DESC LIMIT ?)',
      fingerprint,
      fingerprint,
      MOST_WAITING,
    );
  }
  for (const pattern of patterns)
    database.run('INSERT OR REPLACE INTO sent VALUES (?, ?)', patternId(pattern), Math.floor(nowMs));
  return sequence;
}

/** Higher than all before, and than those of a file that was lost, as long as the clock is right. */
function takeSequence(database: SyncDatabase, nowMs: number): number {
  const [row] = database.all('SELECT last FROM sequence');
  const sequence = Math.max(Number(row!['last']) + 1, Math.floor(nowMs));
  database.run('UPDATE sequence SET last = ?', sequence);
  return sequence;
}

function sumCosts(patterns: readonly LocalPattern[], privacy: PrivacySettings): PrivacyCost {
  const costs = patterns.map((pattern) => costOf(pattern, privacy));
  return {
    epsilonMicro: costs.reduce((sum, { epsilonMicro }) => sum + epsilonMicro, 0),
    deltaPico: costs.reduce((sum, { deltaPico }) => sum + deltaPico, 0),
  };
}

/** When each pattern left last, by {@link patternId}. */
export function listSent(database: SyncDatabase): Map<string, number> {
  return toTimes(database.all('SELECT id, at_ms FROM sent'));
}

/** When each pattern was first seen; those that are new are seen now. */
export function listSeen(
  database: SyncDatabase,
  patterns: readonly LocalPattern[],
  nowMs: number,
): Map<string, number> {
  for (const pattern of patterns)
    database.run('INSERT OR IGNORE INTO seen VALUES (?, ?)', patternId(pattern), Math.floor(nowMs));
  return toTimes(database.all('SELECT id, at_ms FROM seen'));
}

function toTimes(rows: readonly Record<string, SqlValue>[]): Map<string, number> {
  return new Map(rows.map((row) => [String(row['id']), Number(row['at_ms'])]));
}

/** What waits for a peer, in the order it has to arrive in. */
export function listWaiting(database: SyncDatabase, peer: string): WaitingBundle[] {
  return database
    .all('SELECT sequence, bundle FROM outbox WHERE peer = ? ORDER BY sequence', peer)
    .map((row) => ({ peer, sequence: Number(row['sequence']), bundle: row['bundle'] as Uint8Array }));
}

export function countWaiting(database: SyncDatabase): Map<string, number> {
  const rows = database.all('SELECT peer, count(*) AS waiting FROM outbox GROUP BY peer');
  return new Map(rows.map((row) => [String(row['peer']), Number(row['waiting'])]));
}

/** A bundle that arrived, or that its peer will never take. */
export function removeWaiting(database: SyncDatabase, { peer, sequence }: WaitingBundle): void {
  database.run('DELETE FROM outbox WHERE peer = ? AND sequence = ?', peer, sequence);
}

/** Everything that waits for a peer that is no longer one. */
export function forgetWaiting(database: SyncDatabase, peer: string): void {
  database.run('DELETE FROM outbox WHERE peer = ?', peer);
}
