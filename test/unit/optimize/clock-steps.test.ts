// What decides and measures goes on when the wall clock is set: durations are monotonic.
import { describe, expect, it } from 'vitest';
import { createModelPolicy, createRulePolicy } from '../../../src/optimize/index.ts';
import type { DecisionInput } from '../../../src/optimize/index.ts';
import { createDriftMeter } from '../../../src/optimize/drift-meter.ts';
import { createPressureMeter } from '../../../src/optimize/pressure-meter.ts';
import { ageOf } from '../../../src/optimize/whether.ts';
import { clockSteps, stepStartMs } from '../../support/clock-steps.ts';
import { createManualClock } from '../../support/manual-clock.ts';
import type { ManualClock } from '../../support/manual-clock.ts';
import { buildInput, buildPrediction, buildPredictor } from '../../support/optimize/optimize-host.ts';

const HALF_STALLED_US = 500_000;

/** Samples once a second; from `stallFrom` on, half of every second is stalled. */
async function sample(clock: ManualClock, second: number, stallFrom: number): Promise<DecisionInput> {
  await clock.advance(1000);
  const stalledUs = Math.max(0, second - stallFrom) * HALF_STALLED_US;
  const fields = { timestamp: clock.nowMs(), psi_memory_some_us: stalledUs, psi_memory_full_us: stalledUs };
  return { ...buildInput(fields), monotonicMs: clock.monotonicMs() };
}

describe.each(clockSteps)('a wall clock set %s', (_, byMs) => {
  it('createRulePolicy() does not freeze: a stall that begins afterwards is seen at the second sample', async () => {
    const clock = createManualClock(stepStartMs);
    const rule = createRulePolicy();
    for (let second = 0; second < 5; second++) {
      expect((await rule.decide(await sample(clock, second, 6))).label).toBe('NoActionNeeded');
    }
    clock.step(byMs);
    const labels = [];
    for (let second = 5; second < 9; second++) {
      labels.push((await rule.decide(await sample(clock, second, 6))).label);
    }
    expect(labels).toEqual(['NoActionNeeded', 'NoActionNeeded', 'Critical', 'Critical']);
  });

  it('createRulePolicy() does not freeze where only timestamps are known', async () => {
    const clock = createManualClock(stepStartMs);
    const rule = createRulePolicy();
    for (let second = 0; second < 5; second++) await rule.decide(await sample(clock, second, 6));
    clock.step(byMs);
    const labels = [];
    for (let second = 5; second < 12; second++) {
      const { monotonicMs: __, ...input } = await sample(clock, second, 6);
      labels.push((await rule.decide(input)).label);
    }
    expect(labels.slice(-4)).toEqual(Array(4).fill('Critical'));
  });

  it('createDriftMeter() keeps its windows', async () => {
    const clock = createManualClock(stepStartMs);
    const meter = createDriftMeter(1000, 20);
    for (let second = 0; second <= 10; second++) {
      if (second === 5) clock.step(byMs);
      const { monotonicMs } = await sample(clock, second, 99);
      if (meter.isDue(monotonicMs!)) meter.observe(monotonicMs!, second * 7);
    }
    expect(meter.read(1000)).toEqual({ kib: 7, noiseKib: 0, windows: 10 });
  });

  it('ageOf() gives the true age of a snapshot, so that the model is asked', async () => {
    const clock = createManualClock(stepStartMs);
    const input = await sample(clock, 0, 99);
    clock.step(byMs);
    await clock.advance(20);
    expect(ageOf(input, clock)).toBe(20);
    const predictor = buildPredictor(() => Promise.resolve(buildPrediction('ShouldOptimize')), 'm@1');
    const policy = createModelPolicy({ predictor, rule: createRulePolicy(), clock });
    expect(await policy.decide(input)).toMatchObject({ source: 'model', label: 'ShouldOptimize' });
    await clock.advance(3001);
    expect(await policy.decide(input)).toMatchObject({ source: 'rule', fallback: 'stale-input' });
  });
});

it('createPressureMeter() starts its window anew when the time it is given runs backwards', () => {
  const meter = createPressureMeter(2000, 1000);
  const observe = (timestamp: number, stalledUs: number): void =>
    meter.observe(buildInput({ timestamp, psi_memory_some_us: stalledUs, psi_memory_full_us: 0 }).snapshot);
  observe(300_000, 0);
  observe(301_000, 0);
  expect(meter.read().someFraction).toBe(0);
  observe(1000, 0);
  expect(meter.read().someFraction).toBeNull();
  observe(2000, 100_000);
  expect(meter.read().someFraction).toBe(0.1);
});
