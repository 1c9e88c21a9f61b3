// k-means++ and the parts a search is made of.
import { describe, expect, it } from 'vitest';
import {
  findCentroids,
  findNearestCentroid,
  seedCentroids,
  squaredDistance,
} from '../../../../src/dag/patterns/k-means.ts';
import { NearestSlots, selectSmallest } from '../../../../src/dag/patterns/nearest.ts';
import { buildCosines, countDifferent, SignRotation } from '../../../../src/dag/patterns/sign-code.ts';
import { createNormal } from '../../../support/dag/plans.ts';
import { createPrintedRandom, createRandom } from '../../../support/random.ts';

/** `count` rows around each of some centres far apart. */
function blobs(random: () => number, centers: number, count: number, dims: number): Float32Array {
  const normal = createNormal(random);
  const values = Array.from({ length: centers }, (_, center) =>
    Array.from({ length: count }, () =>
      Array.from({ length: dims }, (__, i) => (i === center ? 100 : 0) + normal()),
    ),
  );
  return Float32Array.from(values.flat(2));
}

describe('findCentroids()', () => {
  it('finds every cluster when they lie far apart, whatever the seed', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const values = blobs(createRandom(seed), 8, 30, 8);
      const rows = { values, dims: 8, count: 240 };
      const centroids = findCentroids(rows, { clusters: 8, random: createRandom(seed) });
      const nearest = Array.from({ length: 240 }, (_, row) =>
        findNearestCentroid(centroids, 8, values, row * 8),
      );
      expect(new Set(nearest).size).toBe(8);
      for (let row = 0; row < 240; row++) expect(nearest[row]).toBe(nearest[row - (row % 30)]);
    }
  });

  it('leaves less squared distance than it began with when rows are random', () => {
    const random = createPrintedRandom('k-means');
    const values = Float32Array.from({ length: 500 * 6 }, createNormal(random));
    const rows = { values, dims: 6, count: 500 };
    const costOf = (centroids: Float32Array): number =>
      Array.from({ length: 500 }, (_, row) => {
        const at = findNearestCentroid(centroids, 6, values, row * 6);
        return squaredDistance(centroids, at * 6, values, row * 6, 6);
      }).reduce((sum, each) => sum + each, 0);
    const seeded = seedCentroids(rows, 10, createRandom(1));
    expect(costOf(findCentroids(rows, { clusters: 10, random: createRandom(1) }))).toBeLessThan(
      costOf(seeded),
    );
  });

  it('gives fewer centroids when there are fewer different rows', () => {
    const values = Float32Array.from([1, 1, 2, 2, 1, 1, 2, 2]);
    expect(seedCentroids({ values, dims: 2, count: 4 }, 4, createRandom(1))).toHaveLength(4);
  });
});

describe('seedCentroids()', () => {
  it('takes a row with a probability that grows with its squared distance when seeds are many', () => {
    // From 0, the rows at 1 and 3 are taken with 1 : 9, if 0 is taken first.
    const rows = { values: Float32Array.of(0, 1, 3), dims: 1, count: 3 };
    let [first, far] = [0, 0];
    for (let seed = 0; seed < 6000; seed++) {
      const [start, next] = seedCentroids(rows, 2, createRandom(seed));
      if (start !== 0) continue;
      first++;
      if (next === 3) far++;
    }
    expect(first / 6000).toBeCloseTo(1 / 3, 1);
    expect(far / first).toBeCloseTo(0.9, 1);
  });
});

describe('selectSmallest()', () => {
  it('agrees with a sort when numbers are random and repeat', () => {
    const random = createPrintedRandom('selection');
    for (let trial = 0; trial < 500; trial++) {
      const numbers = Float64Array.from({ length: 1 + Math.floor(random() * 50) }, () =>
        Math.floor(random() * 20),
      );
      const rank = 1 + Math.floor(random() * numbers.length);
      const expected = numbers.slice().sort()[rank - 1];
      expect(selectSmallest(numbers.slice(), numbers.length, rank)).toBe(expected);
    }
  });
});

describe('NearestSlots', () => {
  it('offer() keeps the smallest in order when distances are random', () => {
    const random = createPrintedRandom('nearest');
    for (let trial = 0; trial < 200; trial++) {
      const distances = Array.from({ length: Math.floor(random() * 40) }, random);
      const nearest = new NearestSlots(7);
      distances.forEach((distance, slot) => nearest.offer(slot, distance));
      const expected = distances
        .map((distance, slot) => [distance, slot] as const)
        .sort(([a], [b]) => a - b)
        .slice(0, 7);
      expect([...nearest.slots.subarray(0, nearest.count)]).toEqual(expected.map(([, slot]) => slot));
    }
  });
});

describe('countDifferent()', () => {
  it('counts as a plain loop does when codes are random, equal or opposite', () => {
    const random = createPrintedRandom('codes');
    for (let trial = 0; trial < 300; trial++) {
      const words = 8 * (1 + Math.floor(random() * 4));
      const code = Int32Array.from({ length: words }, () => (random() * 2 ** 32) | 0);
      for (const other of [code, code.map((word) => ~word), code.map(() => (random() * 2 ** 32) | 0)]) {
        let expected = 0;
        code.forEach((word, i) => {
          for (let bit = 0; bit < 32; bit++) expected += ((word ^ other[i]!) >>> bit) & 1;
        });
        expect(countDifferent(code, 0, other, 0, words)).toBe(expected);
      }
    }
  });
});

describe('SignRotation', () => {
  it('encode() makes codes that differ by the angle when vectors are random', () => {
    const random = createPrintedRandom('angles');
    const normal = createNormal(random);
    const rotation = new SignRotation(256, random);
    const cosines = buildCosines(rotation.bits);
    const codeOf = (values: Float32Array): Int32Array => {
      const [rotated, code] = [new Float64Array(rotation.bits), new Int32Array(rotation.words)];
      rotation.rotate(values, 0, 256, rotated);
      rotation.encode(rotated, new Float64Array(rotation.bits), 0, code, 0);
      return code;
    };
    for (let trial = 0; trial < 50; trial++) {
      const a = Float32Array.from({ length: 256 }, normal);
      const b = a.map((value) => value * (random() - 0.3) + normal());
      const dot = (x: Float32Array, y: Float32Array): number =>
        x.reduce((sum, value, i) => sum + value * y[i]!, 0);
      const cosine = dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
      const guessed = cosines[countDifferent(codeOf(a), 0, codeOf(b), 0, rotation.words)]!;
      // Six standard deviations of 512 tosses.
      expect(Math.abs(guessed - cosine)).toBeLessThan(0.42);
    }
  });
});
