// Which patterns leave in a round. Decided by age, by when each left last and by what they cost, never by what they say:
// a choice that depended on the winner of a template would tell who it is, and no noise would help.
import { BUNDLE_HEADER_BYTES, MAX_BUNDLE_BYTES, SIGNATURE_BYTES, TAG_BYTES } from './bundle-layout.ts';
import { patternId } from './pattern.ts';
import type { LocalPattern } from './pattern.ts';
import { PAYLOAD_HEAD_BYTES, patternBytes } from './payload.ts';
import { costOf } from './privacy.ts';
import type { PrivacyCost, PrivacySettings } from './privacy.ts';

/** What a choice is made by. */
export interface ChoiceBounds {
  readonly nowMs: number;
  readonly maturityMs: number;
  readonly resendMs: number;
  readonly batchLimit: number;
  /** When each pattern was first seen, and when it left last, by {@link patternId}. */
  readonly seen: ReadonlyMap<string, number>;
  readonly sent: ReadonlyMap<string, number>;
  readonly privacy: PrivacySettings;
  /** What the day has left; null without a budget. */
  readonly left: PrivacyCost | null;
}

/** What leaves, and what is held back by the budget alone. */
export interface ChosenPatterns {
  readonly patterns: readonly LocalPattern[];
  readonly held: readonly LocalPattern[];
}

/** What one bundle holds. */
const MOST_PATTERN_BYTES =
  MAX_BUNDLE_BYTES - BUNDLE_HEADER_BYTES - TAG_BYTES - SIGNATURE_BYTES - PAYLOAD_HEAD_BYTES;

/** Those that never left come first, then those that left longest ago; ties by key. */
export function choosePatterns(all: readonly LocalPattern[], bounds: ChoiceBounds): ChosenPatterns {
  const { nowMs, maturityMs, resendMs, batchLimit, seen, sent, privacy } = bounds;
  const sinceOf = (pattern: LocalPattern): number =>
    pattern.sinceMs ?? seen.get(patternId(pattern)) ?? Infinity;
  const lastOf = (pattern: LocalPattern): number => sent.get(patternId(pattern)) ?? -Infinity;
  const due = all
    .filter((pattern) => nowMs - sinceOf(pattern) >= maturityMs)
    // A clock that was set back makes no pattern wait for years.
    .filter((pattern) => Math.abs(nowMs - lastOf(pattern)) >= resendMs)
    .toSorted((a, b) => lastOf(a) - lastOf(b) || (patternId(a) < patternId(b) ? -1 : 1))
    .slice(0, batchLimit);
  const fitting = keepWithin(due, MOST_PATTERN_BYTES);
  if (!bounds.left) return { patterns: fitting, held: [] };
  let { epsilonMicro, deltaPico } = bounds.left;
  const patterns = fitting.filter((pattern) => {
    const cost = costOf(pattern, privacy);
    if (cost.epsilonMicro > epsilonMicro || cost.deltaPico > deltaPico) return false;
    epsilonMicro -= cost.epsilonMicro;
    deltaPico -= cost.deltaPico;
    return true;
  });
  const leaving = new Set(patterns);
  return { patterns, held: fitting.filter((pattern) => !leaving.has(pattern)) };
}

/** The first of them that fit; the others come first in the next round. */
function keepWithin(patterns: readonly LocalPattern[], mostBytes: number): LocalPattern[] {
  let left = mostBytes;
  const end = patterns.findIndex((pattern) => (left -= patternBytes(pattern)) < 0);
  return end < 0 ? [...patterns] : patterns.slice(0, end);
}
