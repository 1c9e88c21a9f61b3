// The base head from runs of the past.
import { describe, expect, it } from 'vitest';
import { DagSonaEngine, embedPlan, fitBaseHead } from '../../../../src/dag/sona/index.ts';
import { createNormal, randomPlan } from '../../../support/dag/plans.ts';
import { createRandom } from '../../../support/random.ts';

describe('fitBaseHead()', () => {
  it('gives an engine that foretells before it learned when runs of the past followed a linear truth', () => {
    const random = createRandom(31);
    const normal = createNormal(random);
    const weights = [0, 1].map(() => Array.from({ length: 32 }, () => 0.5 * normal()));
    const truth = (embedding: Float32Array, mechanism: number): number =>
      embedding.reduce((sum, value, at) => sum + value * weights[mechanism]![at]!, 0);
    const rows = Array.from({ length: 600 }, (_, i) => {
      const { embedding } = embedPlan(randomPlan(random), 32);
      return { embedding, mechanism: i % 2, logRatio: truth(embedding, i % 2) };
    });
    const baseHead = fitBaseHead(rows, { embeddingDim: 32, mechanisms: 2, ridge: 1e-6 });
    const engine = new DagSonaEngine({ embeddingDim: 32, mechanisms: ['a', 'b'], baseHead });
    const dag = randomPlan(random);
    expect(engine.predict(dag).get('b')).toBeCloseTo(truth(embedPlan(dag, 32).embedding, 1), 3);
  });

  it('refuses rows that do not fit when one has', () => {
    const options = { embeddingDim: 2, mechanisms: 2 };
    for (const row of [
      { embedding: [1], mechanism: 0, logRatio: 0 },
      { embedding: [1, Number.NaN], mechanism: 0, logRatio: 0 },
      { embedding: [1, 2], mechanism: 2, logRatio: 0 },
      { embedding: [1, 2], mechanism: 0, logRatio: Infinity },
    ]) {
      expect(() => fitBaseHead([row], options)).toThrow(
        expect.objectContaining({ code: 'ERR_DAG_SONA_OPTION' }),
      );
    }
    expect(() => fitBaseHead([], { ...options, ridge: 0 })).toThrow(
      expect.objectContaining({ code: 'ERR_DAG_SONA_OPTION' }),
    );
  });
});
