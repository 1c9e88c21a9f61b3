// What several peers say together, so that no small part of them decides: the median of three or four, the trimmed mean of
// more. Counts are first kept within what a vote and its noise can be.
import type { SharedVote } from './pattern.ts';

/** A vote and who gave it. */
export interface PeerVote extends SharedVote {
  /** Fingerprint. */
  readonly peer: string;
  /** What its sender says of its noise; 0 for none. */
  readonly epsilon: number;
}

/** An arm and how much speaks for it. */
export interface ArmSupport {
  readonly arm: string;
  /** 1: all peers vote for it; below 0 only by noise. */
  readonly support: number;
}

/** Share of the peers that is left out at each end. */
const TRIM = 0.2;
/** Times the scale of its noise that a count may be away from a vote. */
const NOISE_SCALES = 12;

/** A mean that a fifth of the values at either end cannot move: the median below five. */
export function trimmedMean(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor((sorted.length - 1) / 2);
  const cut = sorted.length < 5 ? middle : Math.floor(sorted.length * TRIM);
  const kept = sorted.slice(cut, sorted.length - cut);
  return kept.reduce((sum, value) => sum + value, 0) / kept.length;
}

/** How much speaks for each arm, most first. @param arms those of this host; others are not listened to */
export function combineVotes(votes: readonly PeerVote[], arms: readonly string[]): ArmSupport[] {
  if (votes.length === 0) return [];
  return arms
    .map((arm) => ({ arm, support: trimmedMean(votes.map((vote) => countOf(vote, arm))) }))
    .toSorted((a, b) => b.support - a.support);
}

function countOf({ arms, counts, epsilon }: PeerVote, arm: string): number {
  const place = arms.indexOf(arm);
  if (place < 0) return 0;
  const noise = epsilon > 0 ? Math.ceil((NOISE_SCALES * 2) / epsilon) : 0;
  return Math.max(-noise, Math.min(1 + noise, counts[place]!));
}

/** The same for vectors of one length, number by number. */
export function combineVectors(vectors: readonly Float64Array[]): Float64Array {
  const [first] = vectors;
  if (!first) return new Float64Array();
  return first.map((_, i) => trimmedMean(vectors.map((vector) => vector[i]!)));
}
