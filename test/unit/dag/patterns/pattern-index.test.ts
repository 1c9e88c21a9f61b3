// The index of patterns: what it finds, what it keeps, what it refuses.
import { crc32 } from 'node:zlib';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRuvectorError } from '../../../../src/core/portable/index.ts';
import { PatternIndex } from '../../../../src/dag/patterns/index.ts';
import { createVectors } from '../../../support/dag/vectors.ts';
import type { VectorKind } from '../../../support/dag/vectors.ts';
import { createPrintedRandom, createRandom } from '../../../support/random.ts';

function filledIndex(
  kind: VectorKind,
  size: number,
  dims: number,
  seed = 1,
): { index: PatternIndex; draw: () => Float32Array } {
  const draw = createVectors(kind, dims, createRandom(seed));
  const index = new PatternIndex({ dims });
  for (let i = 0; i < size; i++) index.add(`p${i}`, draw());
  return { index, draw };
}

const code = (wanted: string): unknown => expect.objectContaining({ code: wanted });

describe('PatternIndex', { timeout: 120_000 }, () => {
  it.each(['clustered', 'unclustered', 'plans'] as const)(
    'search() finds at least 0.95 of the ten nearest when 2,000 vectors are %s and the index is trained',
    (kind) => {
      const { index, draw } = filledIndex(kind, 2000, 64);
      const training = index.train()!;
      expect(training.recall).toBeGreaterThanOrEqual(0.95);
      expect(index.measureRecall(Array.from({ length: 300 }, draw))).toBeGreaterThanOrEqual(0.95);
    },
  );

  it('search() looks at a small part only when vectors are clustered', () => {
    const { probes, lists, candidates } = filledIndex('clustered', 2000, 64).index.train()!;
    expect(probes / lists).toBeLessThan(0.5);
    expect(candidates).toBeLessThan(200);
  });

  it('searchExact() agrees with a plain sort when vectors and edits are random', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 9 }), (seed, dims) => {
        const random = createRandom(seed);
        const index = new PatternIndex({ dims });
        const plain = new Map<string, Float32Array>();
        for (let edit = 0; edit < 60; edit++) {
          const key = `k${Math.floor(random() * 20)}`;
          if (random() < 0.3) expect(index.remove(key)).toBe(plain.delete(key));
          else {
            const vector = Float32Array.from({ length: dims }, () => Math.fround(random() * 2 - 1));
            index.add(key, vector);
            plain.set(key, vector);
          }
        }
        expect(index.size).toBe(plain.size);
        const query = Float32Array.from({ length: dims }, random);
        const distances = [...plain.values()]
          .map((vector) => Math.sqrt(vector.reduce((sum, value, at) => sum + (value - query[at]!) ** 2, 0)))
          .sort((a, b) => a - b)
          .slice(0, 5);
        const found = index.search(query, 5);
        expect(found).toHaveLength(distances.length);
        found.forEach(({ key, distance }, i) => {
          expect(distance).toBeCloseTo(distances[i]!, 5);
          expect(plain.has(key)).toBe(true);
        });
      }),
      { numRuns: 200 },
    );
  });

  it('search() keeps its recall and finds no removed pattern when half of a trained index is replaced', () => {
    const { index, draw } = filledIndex('clustered', 2000, 64);
    index.train();
    for (let i = 0; i < 1000; i++) {
      expect(index.remove(`p${i}`)).toBe(true);
      index.add(`q${i}`, draw());
    }
    expect(index.remove('p0')).toBe(false);
    const queries = Array.from({ length: 200 }, draw);
    expect(index.measureRecall(queries)).toBeGreaterThanOrEqual(0.93);
    expect(queries.flatMap((query) => index.search(query)).some(({ key }) => /^p\d{1,3}$/.test(key))).toBe(
      false,
    );
    index.add('p1500', queries[0]!);
    expect(index.search(queries[0]!, 1)).toEqual([{ key: 'p1500', distance: 0 }]);
    expect(index.size).toBe(2000);
  });

  it('search() gives as many as there are when fewer are there than it is asked for, trained or not', () => {
    const { index, draw } = filledIndex('clustered', 300, 16);
    expect(new PatternIndex({ dims: 16 }).search(draw())).toEqual([]);
    expect(index.search(draw(), 1000)).toHaveLength(300);
    expect(index.train()).not.toBeNull();
    expect(new Set(index.search(draw(), 1000).map(({ key }) => key)).size).toBe(300);
    expect(index.search(draw(), 299)).toHaveLength(299);
    for (let i = 0; i < 300; i++) index.remove(`p${i}`);
    expect(index.search(draw())).toEqual([]);
  });

  it('train() works when all vectors are one, or of huge or tiny size', () => {
    for (const scale of [0, 1e-18, 1e18]) {
      const index = new PatternIndex({ dims: 8 });
      for (let i = 0; i < 400; i++) index.add(`p${i}`, new Float32Array(8).fill(scale));
      index.train();
      expect(index.search(new Float32Array(8).fill(scale), 10)).toHaveLength(10);
      expect(index.search(new Float32Array(8).fill(scale), 1)[0]!.distance).toBe(0);
    }
  });

  it('isTrainingDue tells when an index has doubled or halved', () => {
    const { index, draw } = filledIndex('clustered', 255, 8);
    expect([index.isTrainingDue, index.train()]).toEqual([false, null]);
    index.add('one more', draw());
    expect(index.isTrainingDue).toBe(true);
    index.train();
    expect(index.isTrainingDue).toBe(false);
    for (let i = 0; i < 256; i++) index.add(`q${i}`, draw());
    expect(index.isTrainingDue).toBe(true);
  });

  it('train() gives the same index when seeds are the same', () => {
    const [one, other] = [filledIndex('plans', 600, 32).index, filledIndex('plans', 600, 32).index];
    expect(one.train()).toEqual(other.train());
    expect(one.serialize()).toEqual(other.serialize());
  });

  it.each([{ dims: 0 }, { dims: 1.5 }, { dims: 5000 }, { recall: 0 }, { recall: Number.NaN }, { seed: -1 }])(
    'PatternIndex() refuses options that cannot be: %o',
    (options) => {
      expect(() => new PatternIndex(options)).toThrow(code('ERR_DAG_PATTERN_OPTION'));
    },
  );

  it('add() and search() refuse vectors that cannot be and stay as they were', () => {
    const index = new PatternIndex({ dims: 2 });
    index.add('a', [1, 2]);
    for (const vector of [[1], [1, 2, 3], [1, Number.NaN], [Infinity, 1], [1e19, 0]]) {
      expect(() => index.add('a', vector)).toThrow(code('ERR_DAG_PATTERN_VECTOR'));
      expect(() => index.search(vector)).toThrow(code('ERR_DAG_PATTERN_VECTOR'));
    }
    for (const k of [0, -1, 1.5, Number.NaN, 1001]) {
      expect(() => index.search([1, 2], k)).toThrow(code('ERR_DAG_PATTERN_OPTION'));
    }
    expect(index.search([1, 2])).toEqual([{ key: 'a', distance: 0 }]);
  });
});

describe('PatternIndex.restore()', { timeout: 120_000 }, () => {
  it('finds the same as the index that was written, trained or not, also after edits', () => {
    for (const isTrained of [false, true]) {
      const { index, draw } = filledIndex('plans', 500, 32);
      if (isTrained) index.train();
      index.remove('p7');
      index.add('new', draw());
      const restored = PatternIndex.restore(index.serialize());
      expect(restored.training).toEqual(index.training);
      expect(restored.size).toBe(index.size);
      for (let i = 0; i < 50; i++) {
        const query = draw();
        expect(restored.search(query).map(({ distance }) => distance)).toEqual(
          index.search(query).map(({ distance }) => distance),
        );
      }
    }
  });

  it('refuses with a typed error, or gives an index that works, when bytes are damaged or hostile', () => {
    const { index, draw } = filledIndex('clustered', 256, 8);
    index.train();
    const [bytes, query] = [index.serialize(), draw()];
    const random = createPrintedRandom('damaged indexes');
    let refused = 0;
    for (let trial = 0; trial < 400; trial++) {
      const cut = random() < 0.3 ? 9 + Math.floor(random() * (bytes.length - 9)) : bytes.length;
      const damaged = bytes.slice(0, cut);
      damaged[Math.floor(random() * damaged.length)]! ^= 1 + Math.floor(random() * 255);
      expect(() => PatternIndex.restore(damaged)).toThrow(code('ERR_DAG_PATTERN_STATE'));
      new DataView(damaged.buffer).setUint32(cut - 4, crc32(damaged.subarray(0, cut - 4)), true);
      try {
        const restored = PatternIndex.restore(damaged);
        const found = restored.search(new Float32Array(restored.dims).fill(query[0]!), 3);
        expect(found).toHaveLength(Math.min(3, restored.size));
      } catch (error) {
        if (!isRuvectorError(error)) throw error;
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(100);
  });
});
