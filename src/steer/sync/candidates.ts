// What peers propose for the templates of this host: arms that more of them favour than the default. A proposal is a
// reason to try, never a reason to use.
import { sha256Of } from '../../core/index.ts';
import { combineVectors, combineVotes } from './combine.ts';
import type { PeerVote } from './combine.ts';
import { listTrust, listVectors, listVerdicts, listVotes, verdictId } from './inbox.ts';
import type { PeerTrust, PeerVector, Verdict, VerdictSubject } from './inbox.ts';
import { templateKey } from './pattern.ts';
import type { SyncDatabase } from './sync-database.ts';

/** An arm that peers say is better, for a template of this host. */
export interface ArmCandidate {
  readonly template: string;
  readonly key: string;
  readonly arm: string;
  /** See {@link combineVotes}; 1 where all peers agree. */
  readonly support: number;
  /** Fingerprints of the peers whose own favourite it is. */
  readonly peers: readonly string[];
}

/** Tries a candidate by paired runs on this host; `pending` while it is not known yet. */
export type ValidateArm = (candidate: ArmCandidate) => Promise<Verdict | 'pending'>;

/** Tries a pattern of the peers on this host. */
export type ValidatePattern = (pattern: PeerPattern) => Promise<Verdict>;

/** What candidates are looked for in. */
export interface CandidateQuery {
  /** The templates that this host runs. */
  readonly templates: readonly string[];
  readonly arms: readonly string[];
  readonly defaultArm: string;
  /** Candidates at a time. @default 4 */
  readonly limit?: number;
}

/** A vector as the peers have it together. */
export interface PeerPattern {
  readonly key: string;
  readonly values: Float64Array;
  /** Fingerprints of the peers that sent it. */
  readonly peers: readonly string[];
}

/** How long a verdict keeps a candidate from being tried again. */
export const VERDICT_MS = 7 * 86_400_000;
/** A peer with so many rejected candidates, and more than twice as many as accepted ones, is no longer listened to. */
const PATIENCE = 5;

/** Whether a peer's proposals were bad so often that they are left out. */
export function isMuted({ accepted, rejected }: PeerTrust): boolean {
  return rejected >= PATIENCE && rejected > 2 * accepted;
}

/** The best supported candidates that were not judged in the last week, at most one a template. */
export function findCandidates(
  database: SyncDatabase,
  { templates, arms, defaultArm, limit = 4 }: CandidateQuery,
  nowMs: number,
): ArmCandidate[] {
  const verdicts = listVerdicts(database, nowMs - VERDICT_MS);
  const muted = mutedPeers(database);
  const found = templates.flatMap((template): ArmCandidate[] => {
    const key = templateKey(template);
    const votes = listVotes(database, key).filter(({ peer }) => !muted.has(peer));
    const ranking = combineVotes(votes, arms);
    const best = ranking.find(({ arm }) => !verdicts.has(verdictId(key, arm)));
    const byDefault = ranking.find(({ arm }) => arm === defaultArm);
    if (!best || best.arm === defaultArm || best.support <= 0) return [];
    if (byDefault && byDefault.support >= best.support) return [];
    const peers = votes.filter((vote) => favouriteOf(vote, arms) === best.arm).map(({ peer }) => peer);
    return [{ template, key, ...best, peers }];
  });
  return found.toSorted((a, b) => b.support - a.support).slice(0, limit);
}

function favouriteOf(vote: PeerVote, arms: readonly string[]): string | undefined {
  return combineVotes([vote], arms)[0]?.arm;
}

/** What the peers say of patterns, by key; those of another length are left out. */
export function combinePatterns(database: SyncDatabase, dims: number): PeerPattern[] {
  const muted = mutedPeers(database);
  const byKey = new Map<string, PeerVector[]>();
  for (const vector of listVectors(database)) {
    const { peer, key, values } = vector;
    if (muted.has(peer) || values.length !== dims) continue;
    byKey.set(key, [...(byKey.get(key) ?? []), vector]);
  }
  return [...byKey].map(([key, vectors]) => ({
    key,
    values: combineVectors(vectors.map(({ values }) => values)),
    peers: vectors.map(({ peer }) => peer),
  }));
}

/** Names what trials were about: another vector of the same key has to be tried again. */
export function vectorVerdict({ key, values, peers }: PeerPattern): VerdictSubject {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return { key: `vector:${key}`, arm: sha256Of(bytes), peers };
}

function mutedPeers(database: SyncDatabase): Set<string> {
  return new Set([...listTrust(database)].filter(([, trust]) => isMuted(trust)).map(([peer]) => peer));
}
