// The state of an engine as bytes.
import { describe, expect, it } from 'vitest';
import { isRuvectorError } from '../../../../src/core/portable/index.ts';
import { DagSonaEngine } from '../../../../src/dag/sona/index.ts';
import { randomPlan } from '../../../support/dag/plans.ts';
import { createPrintedRandom, createRandom } from '../../../support/random.ts';
import { crc32 } from 'node:zlib';

const mechanisms = ['plain', 'fast'];

function grownEngine(seed = 3): DagSonaEngine {
  const random = createRandom(seed);
  const engine = new DagSonaEngine({
    embeddingDim: 32,
    mechanisms,
    consolidateEvery: 20,
    baseHead: new Float64Array(64).fill(0.1),
  });
  const other = new DagSonaEngine({ embeddingDim: 32, mechanisms });
  const plans = Array.from({ length: 5 }, () => randomPlan(random));
  for (let run = 0; run < 60; run++) {
    engine.postQuery(plans[run % 4]!, 50 + random(), 100, mechanisms[run % 2]!);
    other.postQuery(plans[4]!, 50 + random(), 100, 'fast');
    if (run === 40) engine.backgroundLearn();
  }
  engine.mergeNetworkPatterns(other.getMaturePatterns());
  engine.boostLearningRate(2, plans[1]);
  return engine;
}

/** The same bytes with a checksum that fits. */
function withChecksum(bytes: Uint8Array): Uint8Array {
  const signed = bytes.slice();
  new DataView(signed.buffer).setUint32(signed.length - 4, crc32(signed.subarray(0, -4)), true);
  return signed;
}

describe('DagSonaEngine.restore()', { timeout: 120_000 }, () => {
  it('goes on to the last bit as the engine that was written when both learn the same afterwards', () => {
    const engine = grownEngine();
    const restored = DagSonaEngine.restore(engine.serialize());
    expect(restored.serialize()).toEqual(engine.serialize());
    const random = createRandom(8);
    const plans = Array.from({ length: 3 }, () => randomPlan(random));
    for (const each of [engine, restored]) {
      plans.forEach((plan, i) => each.postQuery(plan, 10 * (i + 1), 30, 'fast'));
      each.backgroundLearn();
    }
    expect(restored.serialize()).toEqual(engine.serialize());
    expect(restored.preQuery(plans[0]!)).toEqual(engine.preQuery(plans[0]!));
  });

  it('keeps runs that a worker was learning from when it is written meanwhile', () => {
    const engine = grownEngine();
    const { pendingTrajectories } = engine;
    engine.startLearning();
    expect(DagSonaEngine.restore(engine.serialize()).pendingTrajectories).toBe(pendingTrajectories);
  });

  it('refuses with a typed error when a byte is wrong or bytes are missing', () => {
    const bytes = grownEngine().serialize();
    const random = createPrintedRandom('damaged states');
    for (let trial = 0; trial < 2000; trial++) {
      const damaged = random() < 0.3 ? bytes.slice(0, Math.floor(random() * bytes.length)) : bytes.slice();
      const at = Math.floor(random() * damaged.length);
      if (damaged.length === bytes.length) damaged[at]! ^= 1 << Math.floor(random() * 8);
      expect(() => DagSonaEngine.restore(damaged)).toThrow(
        expect.objectContaining({ code: 'ERR_DAG_SONA_STATE' }),
      );
    }
  });

  it('restores an engine that works or refuses with a typed error when hostile bytes have a checksum that fits', () => {
    const bytes = grownEngine().serialize();
    const random = createPrintedRandom('hostile states');
    let refused = 0;
    for (let trial = 0; trial < 2000; trial++) {
      const hostile = bytes.slice(
        0,
        random() < 0.2 ? 5 + Math.floor(random() * (bytes.length - 5)) : bytes.length,
      );
      const count = 1 + Math.floor(random() * 4);
      for (let i = 0; i < count; i++)
        hostile[5 + Math.floor(random() * (hostile.length - 5))] = Math.floor(random() * 256);
      if (hostile.length < 9) continue;
      try {
        const engine = DagSonaEngine.restore(withChecksum(hostile));
        engine.backgroundLearn();
        expect(DagSonaEngine.restore(engine.serialize()).patternCount).toBe(engine.patternCount);
      } catch (error) {
        if (!isRuvectorError(error, 'ERR_DAG_SONA_STATE')) throw error;
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(100);
  });
});
