// What came: the last word of each peer on each pattern, the highest sequence taken of each peer, and what local trials
// made of it. A bundle is taken in one transaction, so that a crash neither loses it nor takes it twice.
import type { PeerVote } from './combine.ts';
import { bundleError } from './errors.ts';
import type { BundleHeader } from './open-bundle.ts';
import type { SharedPattern } from './pattern.ts';
import type { BundlePayload } from './payload.ts';
import type { SyncDatabase } from './sync-database.ts';

/** What local trials say of an arm for a template. */
export type Verdict = 'accepted' | 'rejected';

/** What a verdict is on: an arm for a template, or a vector for a key; and who proposed it. */
export interface VerdictSubject {
  readonly key: string;
  readonly arm: string;
  readonly peers: readonly string[];
}

/** Verdicts on what a peer proposed. */
export interface PeerTrust {
  readonly accepted: number;
  readonly rejected: number;
}

/** A vector of one peer. */
export interface PeerVector {
  readonly peer: string;
  readonly key: string;
  readonly values: Float64Array;
}

/** Patterns kept of one peer; those not renewed for longest go. */
const MOST_PATTERNS_A_PEER = 4096;

/** @throws RuvectorError `ERR_STEER_SYNC_REPLAY` */
export function takeBundle(
  database: SyncDatabase,
  { sender, sequence }: BundleHeader,
  { privacy, patterns }: BundlePayload,
  nowMs: number,
): void {
  database.transact(() => {
    assertNew(database, sender, sequence);
    const at = Math.floor(nowMs);
    database.run(
      'INSERT INTO taken VALUES (?, ?, ?, 1) ON CONFLICT (peer) DO UPDATE SET sequence = excluded.sequence, ' +
        'at_ms = excluded.at_ms, bundles = bundles + 1',
      sender,
      sequence,
      at,
    );
    for (const pattern of patterns) {
      const epsilon = pattern.kind === 'vote' ? privacy.epsilonPerVote : privacy.epsilonPerVector;
      const content = toContent(pattern);
      database.run(
        'INSERT OR REPLACE INTO inbox VALUES (?, ?, ?, ?, ?, ?)',
        sender,
        pattern.kind,
        pattern.key,
        at,
        epsilon,
        content,
      );
    }
    database.run(
      'DELETE FROM inbox WHERE peer = ? AND (kind, key) NOT IN (SELECT kind, key FROM inbox WHERE peer = ? ORDER BY at_ms DESC, key LIMIT ?)',
      sender,
      sender,
      MOST_PATTERNS_A_PEER,
    );
  });
}

/** @throws RuvectorError `ERR_STEER_SYNC_REPLAY` when this bundle or a later one was taken */
export function assertNew(database: SyncDatabase, sender: string, sequence: number): void {
  const [row] = database.all('SELECT sequence FROM taken WHERE peer = ?', sender);
  const last = Number(row?.['sequence'] ?? -1);
  if (sequence <= last) throw bundleError('REPLAY', sender, `its sequence is ${sequence}, ${last} was taken`);
}

function toContent(pattern: SharedPattern): string {
  return pattern.kind === 'vote'
    ? JSON.stringify({ arms: pattern.arms, counts: [...pattern.counts] })
    : JSON.stringify({ step: pattern.step, values: [...pattern.values] });
}

/** Votes on one template, one a peer. */
export function listVotes(database: SyncDatabase, key: string): PeerVote[] {
  return database
    .all("SELECT peer, epsilon, content FROM inbox WHERE kind = 'vote' AND key = ? ORDER BY peer", key)
    .map((row) => {
      const { arms, counts } = JSON.parse(String(row['content'])) as { arms: string[]; counts: number[] };
      return {
        kind: 'vote',
        key,
        peer: String(row['peer']),
        epsilon: Number(row['epsilon']),
        arms,
        counts: Int32Array.from(counts),
      };
    });
}

/** Every vector that came. */
export function listVectors(database: SyncDatabase): PeerVector[] {
  return database
    .all("SELECT peer, key, content FROM inbox WHERE kind = 'vector' ORDER BY key, peer")
    .map((row) => {
      const { step, values } = JSON.parse(String(row['content'])) as { step: number; values: number[] };
      return {
        peer: String(row['peer']),
        key: String(row['key']),
        values: Float64Array.from(values, (value) => value * step),
      };
    });
}

/** Bundles taken of each peer, and the last of them. */
export function listTaken(
  database: SyncDatabase,
): Map<string, { readonly bundles: number; readonly atMs: number }> {
  const rows = database.all('SELECT peer, bundles, at_ms FROM taken');
  return new Map(
    rows.map((row) => [String(row['peer']), { bundles: Number(row['bundles']), atMs: Number(row['at_ms']) }]),
  );
}

/** Patterns there are, of all peers. */
export function countInbox(database: SyncDatabase): number {
  return Number(database.all('SELECT count(*) AS n FROM inbox')[0]!['n']);
}

/** What trials said since a time, by {@link verdictId}. */
export function listVerdicts(database: SyncDatabase, sinceMs: number): Map<string, Verdict> {
  const rows = database.all('SELECT key, arm, verdict FROM verdict WHERE at_ms >= ?', sinceMs);
  return new Map(
    rows.map((row) => [verdictId(String(row['key']), String(row['arm'])), String(row['verdict']) as Verdict]),
  );
}

export const verdictId = (key: string, arm: string): string => `${key}:${arm}`;

/** Writes down what trials said of an arm, and counts it for the peers that proposed it. */
export function settle(
  database: SyncDatabase,
  { key, arm, peers }: VerdictSubject,
  verdict: Verdict,
  nowMs: number,
): void {
  database.transact(() => {
    database.run('INSERT OR REPLACE INTO verdict VALUES (?, ?, ?, ?)', key, arm, verdict, Math.floor(nowMs));
    const [accepted, rejected] = verdict === 'accepted' ? [1, 0] : [0, 1];
    for (const peer of peers)
      database.run(
        'INSERT INTO trust VALUES (?, ?, ?) ON CONFLICT (peer) DO UPDATE SET accepted = accepted + ?, rejected = rejected + ?',
        peer,
        accepted,
        rejected,
        accepted,
        rejected,
      );
  });
}

export function listTrust(database: SyncDatabase): Map<string, PeerTrust> {
  const rows = database.all('SELECT peer, accepted, rejected FROM trust');
  return new Map(
    rows.map((row) => [
      String(row['peer']),
      { accepted: Number(row['accepted']), rejected: Number(row['rejected']) },
    ]),
  );
}

/** Drops what a peer said; its sequence stays, so that it cannot say it again. */
export function forgetPatterns(database: SyncDatabase, peer: string): void {
  database.run('DELETE FROM inbox WHERE peer = ?', peer);
}
