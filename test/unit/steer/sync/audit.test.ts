// A black-box audit of what privacy promises: two neighbouring hosts, many releases, and the least epsilon that their outputs
// prove. It has to stay below the claimed one, and to be able to find more (Jagielski et al., NeurIPS 2020).
import { describe, expect, it } from 'vitest';
import type { LocalPattern } from '../../../../src/steer/sync/pattern.ts';
import { privatise, resolvePrivacy } from '../../../../src/steer/sync/privacy.ts';
import type { PrivacySettings } from '../../../../src/steer/sync/privacy.ts';
import { createRandomIntegers } from '../../../../src/steer/sync/random-bits.ts';
import { createPrintedRandom } from '../../../support/random.ts';

const RELEASES = 30_000;
/** Standard deviations of the bounds of a share: 1 in 30,000 each. */
const Z = 4;

/** What an attacker looks at: a number that is larger for the first neighbour. */
type Score = (pattern: LocalPattern, settings: PrivacySettings) => number;

/** Wilson's bounds of a share. */
function boundsOf(count: number, total: number): [low: number, high: number] {
  const share = count / total;
  const middle = share + (Z * Z) / (2 * total);
  const width = Z * Math.sqrt((share * (1 - share)) / total + (Z * Z) / (4 * total * total));
  return [(middle - width) / (1 + (Z * Z) / total), (middle + width) / (1 + (Z * Z) / total)];
}

/** The least ε that outputs of two neighbours prove: thresholds are chosen on one half, the bound comes from the other. */
function auditLowerBound(
  neighbours: readonly [LocalPattern, LocalPattern],
  settings: PrivacySettings,
  delta: number,
  score: Score,
): number {
  const [first, second] = neighbours.map((pattern) =>
    Array.from({ length: RELEASES }, () => score(pattern, settings)),
  ) as [number[], number[]];
  const half = RELEASES / 2;
  const boundAt = (threshold: number, from: number): number => {
    const countOf = (scores: readonly number[]): number =>
      scores.slice(from, from + half).filter((value) => value >= threshold).length;
    const low = boundsOf(countOf(first), half)[0] - delta;
    return low <= 0 ? 0 : Math.log(low / boundsOf(countOf(second), half)[1]);
  };
  const sorted = first.slice(0, half).sort((a, b) => a - b);
  const thresholds = Array.from({ length: 40 }, (_, i) => sorted[Math.floor(((i + 0.5) / 40) * half)]!);
  const best = thresholds.reduce((a, b) => (boundAt(b, 0) > boundAt(a, 0) ? b : a));
  return Math.max(0, boundAt(best, half));
}

const random = (() => {
  const uniform = createPrintedRandom('audit');
  return createRandomIntegers((bytes) => {
    for (let i = 0; i < bytes.length; i++) bytes[i] = Math.floor(uniform() * 256);
  });
})();

const arms = ['default', 'a', 'b', 'c'];
const vote = (arm: string): LocalPattern => ({ kind: 'vote', key: 'k', arms, arm });
const vector = (sign: number): LocalPattern => ({ kind: 'vector', key: 'v', values: [sign * 7, 0] });

/** The likelihood ratio of Laplace noise grows with this. */
const voteScore: Score = (pattern, settings) => {
  const shared = privatise(pattern, settings, random);
  if (shared.kind !== 'vote') throw new Error('a vector came of a vote');
  const [, a, b] = shared.counts;
  return Math.max(-1, Math.min(1, a! - 0.5)) - Math.max(-1, Math.min(1, b! - 0.5));
};
const vectorScore: Score = (pattern, settings) => {
  const shared = privatise(pattern, settings, random);
  if (shared.kind !== 'vector') throw new Error('a vote came of a vector');
  return shared.values[0]! * shared.step;
};

describe('privatise()', () => {
  it.each([0.5, 1, 3])('proves no more than epsilon %d of a vote, and most of it', (epsilon) => {
    const settings = resolvePrivacy({ epsilonPerVote: epsilon });
    const bound = auditLowerBound([vote('a'), vote('b')], settings, 0, voteScore);
    process.stdout.write(`vote: epsilon ${epsilon}, at least ${bound.toFixed(3)}\n`);
    expect(bound).toBeLessThanOrEqual(epsilon);
    expect(bound).toBeGreaterThan(epsilon * 0.6);
  });

  it.each(['gaussian', 'laplace'] as const)(
    'proves no more than epsilon 1 of a vector with %s noise',
    (vectorNoise) => {
      const deltaPerVector = 1e-3;
      const settings = resolvePrivacy({ epsilonPerVector: 1, deltaPerVector, vectorNoise });
      const delta = vectorNoise === 'gaussian' ? deltaPerVector : 0;
      const bound = auditLowerBound([vector(1), vector(-1)], settings, delta, vectorScore);
      process.stdout.write(`vector, ${vectorNoise}: epsilon 1, at least ${bound.toFixed(3)}\n`);
      expect(bound).toBeLessThanOrEqual(1);
      expect(bound).toBeGreaterThan(0.25);
    },
  );

  it('would be found out if it promised more than it does', () => {
    // Noise for ε = 2 under a promise of 1, and a clip that a host does not keep.
    const weak = resolvePrivacy({ epsilonPerVote: 2 });
    expect(auditLowerBound([vote('a'), vote('b')], weak, 0, voteScore)).toBeGreaterThan(1);
    const unclipped = resolvePrivacy({ vectorNoise: 'laplace', clip: 7 });
    const claimed: Score = (pattern) => vectorScore(pattern, unclipped);
    expect(
      auditLowerBound([vector(1), vector(-1)], resolvePrivacy({ epsilonPerVector: 0.5 }), 0, claimed),
    ).toBeGreaterThan(0.5);
  });
});
