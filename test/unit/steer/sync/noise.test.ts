// What noise is: exact distributions, clipping, and what it costs.
import { describe, expect, it } from 'vitest';
import { clipToSteps } from '../../../../src/steer/sync/clip.ts';
import { drawDiscreteGaussian, drawDiscreteLaplace } from '../../../../src/steer/sync/discrete-noise.ts';
import { deltaOf, gaussianMultiplier } from '../../../../src/steer/sync/gaussian-scale.ts';
import { costOf, privatise, resolvePrivacy } from '../../../../src/steer/sync/privacy.ts';
import { createRandomIntegers } from '../../../../src/steer/sync/random-bits.ts';
import { createPrintedRandom } from '../../../support/random.ts';

/** The product's own generator over seeded bytes, so that a failure can be seen again. */
function seeded(purpose: string): ReturnType<typeof createRandomIntegers> {
  const random = createPrintedRandom(purpose);
  return createRandomIntegers((bytes) => {
    for (let i = 0; i < bytes.length; i++) bytes[i] = Math.floor(random() * 256);
  });
}

/** Pearson's χ² of draws against probabilities, divided by its degrees of freedom. */
function chiSquared(draw: () => number, chanceOf: (value: number) => number, bound: number): number {
  const draws = 40_000;
  const counts = new Map<number, number>();
  for (let i = 0; i < draws; i++) {
    const value = Math.max(-bound, Math.min(bound, draw()));
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  let sum = 0;
  for (let value = -bound + 1; value < bound; value++) {
    const expected = draws * chanceOf(value);
    sum += ((counts.get(value) ?? 0) - expected) ** 2 / expected;
  }
  return sum / (2 * bound - 1);
}

describe('createRandomIntegers()', () => {
  it('gives every number below a bound as often, when the bound is no power of two', () => {
    const { below, belowBig } = seeded('uniform');
    const counts = [0, 0, 0, 0, 0, 0, 0];
    for (let i = 0; i < 14_000; i++) counts[i % 2 ? below(7) : Number(belowBig(7n))]!++;
    for (const count of counts) expect(Math.abs(count - 2000)).toBeLessThan(250);
  });

  it('stays below bounds of more than 48 bits', () => {
    const { belowBig } = seeded('large');
    const bound = (1n << 77n) + 12_345n;
    const values = Array.from({ length: 2000 }, () => belowBig(bound));
    expect(values.every((value) => value >= 0n && value < bound)).toBe(true);
    const upper = values.filter((value) => value > bound / 2n).length;
    expect(Math.abs(upper - 1000)).toBeLessThan(150);
  });
});

describe('drawDiscreteLaplace()', () => {
  it('has the probabilities of the definition when they are counted', () => {
    const random = seeded('laplace');
    const decay = Math.exp(-0.5);
    const chanceOf = (value: number): number => ((1 - decay) / (1 + decay)) * decay ** Math.abs(value);
    // 99.99th percentile of χ²/31 is about 2.2.
    expect(chiSquared(() => drawDiscreteLaplace(2_000_000, 1_000_000, random), chanceOf, 16)).toBeLessThan(
      2.3,
    );
  });
});

describe('drawDiscreteGaussian()', () => {
  it('has the probabilities of the definition when they are counted', () => {
    const random = seeded('gaussian');
    const sigma = 4;
    const density = (value: number): number => Math.exp((-value * value) / (2 * sigma * sigma));
    const total = Array.from({ length: 201 }, (_, i) => density(i - 100)).reduce(
      (sum, each) => sum + each,
      0,
    );
    expect(
      chiSquared(
        () => drawDiscreteGaussian(sigma, random),
        (value) => density(value) / total,
        14,
      ),
    ).toBeLessThan(2.3);
  });
});

describe('gaussianMultiplier()', () => {
  it('is between the analytic Gaussian mechanism and the classic bound when epsilon is at most 1', () => {
    // Balle and Wang 2018: σ = 3.730632 for (1, 1e-5); the classic bound √(2 ln(1.25/δ)) / ε is 4.844805.
    expect(gaussianMultiplier(1, 1e-5)).toBeGreaterThan(3.73);
    expect(gaussianMultiplier(1, 1e-5)).toBeLessThan(4.8449);
  });

  it('keeps the delta it is asked for when rho is put back', () => {
    for (const [epsilon, delta] of [
      [0.01, 1e-6],
      [0.1, 1e-5],
      [1, 1e-6],
      [8, 1e-9],
      [64, 1e-6],
    ] as const) {
      const rho = 1 / (2 * gaussianMultiplier(epsilon, delta) ** 2);
      expect(deltaOf(rho, epsilon)).toBeLessThanOrEqual(delta * 1.000001);
      expect(deltaOf(rho * 1.05, epsilon)).toBeGreaterThan(delta);
    }
  });
});

describe('clipToSteps()', () => {
  it('never gives more than the clip, of either norm, when the vector is of any length', () => {
    const random = createPrintedRandom('clip');
    for (const norm of [1, 2] as const)
      for (let round = 0; round < 500; round++) {
        const scale = 10 ** (30 * random() - 15);
        const values = Float64Array.from(
          { length: 1 + Math.floor(random() * 64) },
          () => (random() - 0.5) * scale,
        );
        const steps = 100 + Math.floor(random() * 1e6);
        const sizes = clipToSteps(values, 1, steps, norm).reduce(
          (sum, each) => sum + Math.abs(each) ** norm,
          0,
        );
        expect(sizes).toBeLessThanOrEqual(steps ** norm);
      }
  });

  it('leaves a short vector as it is, to a step', () => {
    expect([...clipToSteps(Float64Array.of(0.3, -0.4), 1, 1000, 2)]).toEqual([300, -400]);
    expect([...clipToSteps(Float64Array.of(3, -4), 1, 1000, 2)]).toEqual([600, -800]);
  });
});

describe('privatise()', () => {
  const vector = (values: readonly number[]) => ({ kind: 'vector', key: 'v', values, sinceMs: 0 }) as const;

  it('sends what is there to a hundred-thousandth when privacy is off', () => {
    const shared = privatise(vector([3, -1.5, 0]), null, createRandomIntegers());
    if (shared.kind !== 'vector') throw new Error('a vote came of a vector');
    [3, -1.5, 0].forEach((value, i) => expect(shared.values[i]! * shared.step).toBeCloseTo(value, 5));
  });
});

describe('resolvePrivacy()', () => {
  it.each([
    [{ epsilonPerVote: 0 }, 'epsilonPerVote'],
    [{ epsilonPerVote: Number.NaN }, 'epsilonPerVote'],
    [{ epsilonPerVector: 100 }, 'epsilonPerVector'],
    [{ deltaPerVector: 0.5 }, 'deltaPerVector'],
    [{ clip: Infinity }, 'clip'],
    [{ epsilonPerDay: -1 }, 'epsilonPerDay'],
    [{ vectorNoise: 'none' as 'laplace' }, 'vectorNoise'],
  ] as const)('refuses %j', (options, name) => {
    expect(() => resolvePrivacy(options)).toThrow(
      expect.objectContaining({
        code: 'ERR_STEER_SYNC_OPTION',
        details: expect.objectContaining({ option: name }),
      }),
    );
  });
});

describe('costOf()', () => {
  it('counts pure epsilon for votes, and delta for Gaussian vectors only', () => {
    const vote = { kind: 'vote', key: 'k', arms: ['a', 'b'], arm: 'a', sinceMs: 0 } as const;
    const some = { kind: 'vector', key: 'v', values: [1], sinceMs: 0 } as const;
    const settings = resolvePrivacy({ epsilonPerVote: 0.1, epsilonPerVector: 2, deltaPerVector: 1e-7 });
    expect(costOf(vote, settings)).toEqual({ epsilonMicro: 100_000, deltaPico: 0 });
    expect(costOf(some, settings)).toEqual({ epsilonMicro: 2_000_000, deltaPico: 100_000 });
    expect(costOf(some, resolvePrivacy({ vectorNoise: 'laplace' }))).toEqual({
      epsilonMicro: 1_000_000,
      deltaPico: 0,
    });
    expect(costOf(vote, null)).toEqual({ epsilonMicro: 0, deltaPico: 0 });
  });
});
