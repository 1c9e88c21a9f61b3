// Scores of single values, and the drift beside them.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AnomalyDetector, Cusum } from '../../../../src/dag/healing/index.ts';
import type { AnomalyOptions } from '../../../../src/dag/healing/index.ts';
import {
  distributions,
  measureArl0,
  measureAuc,
  measureDelay,
} from '../../../support/dag/detection-quality.ts';
import { createNormal } from '../../../support/dag/plans.ts';
import { createRandom } from '../../../support/random.ts';

const create = (options: AnomalyOptions = {}): AnomalyDetector => new AnomalyDetector('latency', options);

/** Takes values in, and gives what the last one was. */
const observeAll = (detector: AnomalyDetector, values: readonly number[]): boolean =>
  values.map((value) => detector.observe(value)).at(-1)!;

describe('AnomalyDetector', () => {
  it('fires at the value number minSamples when that is an anomaly', () => {
    const nine = [10, 11, 9, 10, 12, 8, 10, 11, 9];
    const detector = create({ zThreshold: 3, windowSize: 100, minSamples: 10 });
    expect(observeAll(detector, nine)).toBe(false);
    expect(detector.score).toBeNaN();
    expect(detector.observe(100)).toBe(true);
    // Median 10, median distance 1.
    expect(detector.score).toBeCloseTo(90 / 1.4826, 12);
  });

  it.each([3, 4, 5, 10, 50])('can fire at its first scored value when minSamples is %i', (minSamples) => {
    const values = Array.from({ length: minSamples - 1 }, (_, at) => 10 + (at % 3));
    const detector = create({ minSamples });
    expect(observeAll(detector, values)).toBe(false);
    expect(detector.observe(1000)).toBe(true);
  });

  it('scores without the value itself when that is far out', () => {
    const property = fc.property(
      fc.integer(),
      fc.double({ min: 1e3, max: 1e12, noNaN: true }),
      (seed, far) => {
        const normal = createNormal(createRandom(seed));
        const detector = create();
        const before = Array.from({ length: 30 }, normal);
        observeAll(detector, before);
        detector.observe(far);
        const first = detector.score;
        const other = create();
        observeAll(other, before);
        other.observe(2 * far);
        expect(other.score / first).toBeGreaterThan(1.9);
      },
    );
    fc.assert(property, { numRuns: 50 });
  });

  it('gives the same scores when values are moved and stretched', () => {
    const property = fc.property(
      fc.integer(),
      fc.integer({ min: -20, max: 20 }),
      fc.integer({ min: -100, max: 100 }),
      (seed, power, shift) => {
        const normal = createNormal(createRandom(seed));
        const [plain, stretched] = [create(), create()];
        for (let at = 0; at < 150; at++) {
          // On a grid, so that moving loses nothing.
          const value = Math.round(normal() * 1024) / 1024;
          plain.observe(value);
          stretched.observe((value + shift) * 2 ** power);
          expect(stretched.score).toBe(plain.score);
        }
      },
    );
    fc.assert(property, { numRuns: 20 });
  });

  it('finds another value infinitely far when all were one', () => {
    const detector = create({ minSamples: 10 });
    expect(
      observeAll(
        detector,
        Array.from({ length: 20 }, () => 5),
      ),
    ).toBe(false);
    expect(detector.score).toBe(0);
    expect(detector.observe(4.999)).toBe(true);
    expect(detector.score).toBe(-Infinity);
  });

  it('counts a smaller spread as minScale when there is one', () => {
    const detector = create({ minScale: 0.5 });
    observeAll(
      detector,
      Array.from({ length: 20 }, () => 5),
    );
    expect(detector.observe(6)).toBe(false);
    expect(detector.score).toBe(2);
  });

  it('takes a new level for normal when it has lasted for half of the window', () => {
    const normal = createNormal(createRandom(7));
    const detector = create({ windowSize: 50, drift: false });
    for (let at = 0; at < 60; at++) detector.observe(normal());
    const late = Array.from({ length: 60 }, () => detector.observe(20 + normal()));
    expect(late.slice(0, 20)).not.toContain(false);
    expect(late.slice(40).filter(Boolean).length).toBeLessThan(5);
  });

  it.each([NaN, Infinity, -Infinity])('refuses %s, names the detector, and is as it was', (value) => {
    const detector = create();
    observeAll(detector, [1, 2, 3]);
    expect(() => detector.observe(value)).toThrow(
      expect.objectContaining({ code: 'ERR_DAG_OBSERVATION', message: expect.stringContaining('"latency"') }),
    );
    expect(detector.count).toBe(3);
  });

  it.each([
    [{ zThreshold: -1 }, 'zThreshold'],
    [{ zThreshold: NaN }, 'zThreshold'],
    [{ windowSize: 2 }, 'windowSize'],
    [{ windowSize: 10.5 }, 'windowSize'],
    [{ minSamples: 2 }, 'minSamples'],
    [{ windowSize: 5, minSamples: 7 }, 'minSamples'],
    [{ minScale: -1 }, 'minScale'],
  ])('refuses %j and names the option', (options, name) => {
    const error = { code: 'ERR_DAG_HEALING_OPTION', message: expect.stringContaining(`"${name}"`) };
    expect(() => create(options)).toThrow(expect.objectContaining(error));
  });

  it('tells of a drift that no value gives away when values rise slowly', () => {
    const normal = createNormal(createRandom(3));
    const detector = create({ zThreshold: 4 });
    for (let at = 0; at < 150; at++) detector.observe(normal());
    let drifted = 0;
    for (let at = 0; at < 100 && drifted === 0; at++) {
      detector.observe(normal() + at / 20);
      drifted = detector.driftDirection;
    }
    expect(drifted).toBe(1);
  });

  it('has the long quiet and the short delay that its documentation says', () => {
    const drifts = (monitor?: Cusum) => () => {
      const detector = create(monitor ? { drift: monitor } : {});
      return (value: number): boolean => {
        detector.observe(value);
        return detector.driftDirection !== 0;
      };
    };
    const spikes = () => {
      const detector = create({ zThreshold: 4, drift: false });
      return (value: number): boolean => detector.observe(value);
    };
    const scores = () => {
      const detector = create({ drift: false });
      return (value: number): number => {
        detector.observe(value);
        return detector.score;
      };
    };
    for (const alarm of [drifts(), drifts(new Cusum()), spikes]) {
      expect(measureArl0(alarm, distributions.normal, 50_000)).toBeGreaterThan(1000);
      expect(measureDelay(alarm, 3, 100)).toBeLessThanOrEqual(10);
    }
    expect(measureAuc(scores, distributions.normal)).toBeGreaterThan(0.98);
    expect(measureAuc(scores, distributions.lognormal)).toBeGreaterThan(0.98);
  });
});
