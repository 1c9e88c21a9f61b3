// Forecasts of tension, and how good the alarms are that follow from them.
import { describe, expect, it } from 'vitest';
import { TensionForecast } from '../../../../src/dag/healing/index.ts';
import type { ForecastOptions } from '../../../../src/dag/healing/index.ts';
import { measureAlarms } from '../../../support/dag/alarm-quality.ts';
import { createNormal } from '../../../support/dag/plans.ts';
import { CRISIS } from '../../../support/dag/tension-series.ts';
import { createRandom } from '../../../support/random.ts';

const create = (options: Partial<ForecastOptions> = {}): TensionForecast =>
  new TensionForecast({ threshold: 0.6, lookahead: 50, ...options });

const observeAll = (forecast: TensionForecast, values: readonly number[]): TensionForecast => {
  for (const value of values) forecast.observe(value);
  return forecast;
};

describe('TensionForecast', () => {
  it('goes on as a line does when values rise evenly', () => {
    const line = Array.from({ length: 200 }, (_, at) => 0.1 + 0.002 * at);
    const { mean, deviation } = observeAll(create({ threshold: 1 }), line).forecast(20);
    expect(mean).toBeCloseTo(line.at(-1)! + 20 * 0.002, 3);
    expect(deviation).toBeLessThan(0.01);
  });

  it('says when the line crosses when values rise evenly', () => {
    const line = Array.from({ length: 210 }, (_, at) => 0.1 + 0.002 * at);
    const crossing = observeAll(create(), line).nextCrossing()!;
    expect(crossing.probability).toBeGreaterThan(0.9);
    // (0.6 − 0.518) / 0.002 = 41 steps, some more for certainty.
    expect(crossing.steps).toBeGreaterThanOrEqual(41);
    expect(crossing.steps).toBeLessThan(46);
    expect(observeAll(create(), line.slice(0, 190)).nextCrossing()).toBeNull();
  });

  it('returns to the mean when values do', () => {
    const normal = createNormal(createRandom(5));
    let distance = 0;
    const values = Array.from({ length: 600 }, () => 0.4 + (distance = 0.9 * distance + 0.02 * normal()));
    const forecast = observeAll(create(), [...values, 0.55]);
    expect(forecast.forecast(40).mean).toBeLessThan(0.47);
    expect(forecast.nextCrossing()).toBeNull();
  });

  it('covers what comes in nine of ten cases when it says so', () => {
    const normal = createNormal(createRandom(11));
    const forecast = create({ threshold: 10 });
    const pending: { at: number; low: number; high: number }[] = [];
    let [distance, inside, count] = [0, 0, 0];
    for (let at = 0; at < 4000; at++) {
      distance = 0.6 * distance + normal();
      for (const { low, high } of pending.filter((each) => each.at === at)) {
        inside += distance >= low && distance <= high ? 1 : 0;
        count++;
      }
      forecast.observe(distance);
      const { mean, deviation } = forecast.forecast(5);
      if (at > 500)
        pending.push({ at: at + 5, low: mean - 1.645 * deviation, high: mean + 1.645 * deviation });
      if (pending.length > 10) pending.shift();
    }
    expect(count).toBeGreaterThan(3000);
    expect(inside / count).toBeGreaterThan(0.85);
    expect(inside / count).toBeLessThan(0.97);
  });

  it('sees what is crossed already when there is one value', () => {
    expect(observeAll(create(), [0.7]).nextCrossing()).toMatchObject({ steps: 0, probability: 1 });
    expect(observeAll(create(), [0.5]).nextCrossing()).toBeNull();
    expect(create().nextCrossing()).toBeNull();
  });

  it('is not alarmed by one spike when all else is calm', () => {
    const normal = createNormal(createRandom(2));
    const calm = Array.from({ length: 100 }, () => 0.3 + 0.02 * normal());
    expect(observeAll(create(), [...calm, 1]).nextCrossing()).toBeNull();
  });

  it('gives its alarms five steps ahead, seven of ten right, when ramps, steps, waves and plateaus come', () => {
    const ours = (values: Float64Array): boolean[] => {
      const forecast = create({ threshold: CRISIS });
      return Array.from(values, (value) => {
        forecast.observe(value);
        return forecast.nextCrossing() !== null;
      });
    };
    const above = (values: Float64Array): boolean[] => Array.from(values, (value) => value > 0.6);
    const quality = measureAlarms(ours, 50, 40);
    expect(quality.precision).toBeGreaterThanOrEqual(0.7);
    expect(quality.leadTime).toBeGreaterThanOrEqual(5);
    expect(quality.precision).toBeGreaterThan(5 * measureAlarms(above, 50, 40).precision);
    expect(measureAlarms(ours, 50, 40, ['ramp']).recall).toBeGreaterThan(0.8);
    // A step tells nobody before it comes.
    expect(measureAlarms(ours, 50, 40, ['step']).recall).toBe(0);
  });
});
