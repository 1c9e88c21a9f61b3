import { describe, expect, it, vi } from 'vitest';
import { labels } from '../../../src/core/index.ts';
import type { Prediction } from '../../../src/core/index.ts';
import { createModelPolicy, createRulePolicy } from '../../../src/optimize/index.ts';
import { createManualClock, settle } from '../../support/manual-clock.ts';
import { buildInput, buildPrediction, buildPredictor } from '../../support/optimize/optimize-host.ts';

const clock = createManualClock();
const now = { timestamp: clock.nowMs() };

function buildPolicy(predict: () => Promise<Prediction>, live: string | null = 'm@1') {
  const ownClock = createManualClock();
  const predictor = buildPredictor(predict, live);
  return {
    clock: ownClock,
    predictor,
    policy: createModelPolicy({ predictor, rule: createRulePolicy(), clock: ownClock }),
  };
}

describe('createModelPolicy().decide()', () => {
  it('gives the answer of the model with its version and probabilities', async () => {
    const { policy } = buildPolicy(() => Promise.resolve(buildPrediction('ShouldOptimize')));
    const verdict = await policy.decide(buildInput(now));
    expect(verdict).toMatchObject({ label: 'ShouldOptimize', source: 'model', modelVersion: 'm@1' });
    expect(verdict.fallback).toBeUndefined();
    expect(verdict.probabilities).toEqual(Float32Array.of(0, 1, 0, 0));
  });

  it('falls back to the rule and says why when the model throws', async () => {
    const { policy } = buildPolicy(() => Promise.reject(new Error('session is gone')));
    const verdict = await policy.decide(buildInput({ ...now, mem_available_kib: 1000 }));
    expect(verdict).toMatchObject({
      label: 'Critical',
      source: 'rule',
      modelVersion: null,
      fallback: 'model-error',
    });
    expect(verdict.reason).toContain('session is gone');
  });

  it.each([
    ['NaN', Float32Array.of(Number.NaN, 0, 0, 1)],
    ['infinity', Float32Array.of(0, Number.POSITIVE_INFINITY, 0, 0)],
    ['a negative share', Float32Array.of(-1, 1, 1, 0)],
    ['a share below 0 by more than a rounding', Float32Array.of(-0.01, 0.01, 0, 1)],
    ['shares that sum to 2', Float32Array.of(0.5, 0.5, 0.5, 0.5)],
    ['too few probabilities', Float32Array.of(1)],
  ])('falls back to the rule when the model gives %s', async (_what, probabilities) => {
    const { policy } = buildPolicy(() => Promise.resolve({ ...buildPrediction('Critical'), probabilities }));
    expect(await policy.decide(buildInput(now))).toMatchObject({ source: 'rule', fallback: 'not-finite' });
  });

  it.each([
    ['below 0', Float32Array.of(-1.2e-7, 0, 0, 1), [0, 0, 0, 1]],
    ['above 1', Float32Array.of(0, 0, 0, 1.0000001), [0, 0, 0, 1]],
    ['both', Float32Array.of(-1.2e-7, 0, -3e-8, 1.0000002), [0, 0, 0, 1]],
  ])('takes an answer that is %s by a rounding of float32, clipped', async (_what, probabilities, wanted) => {
    const given = [...probabilities];
    const { policy } = buildPolicy(() => Promise.resolve({ ...buildPrediction('Critical'), probabilities }));
    const verdict = await policy.decide(buildInput(now));
    expect(verdict).toMatchObject({ source: 'model', label: 'Critical' });
    expect([...verdict.probabilities!]).toEqual(wanted);
    expect([...probabilities]).toEqual(given);
  });

  it('falls back to the rule when the model gives a label that is none', async () => {
    const { policy } = buildPolicy(() =>
      Promise.resolve({ ...buildPrediction('Critical'), label: 'Reboot' as never }),
    );
    expect(await policy.decide(buildInput(now))).toMatchObject({ source: 'rule', fallback: 'not-finite' });
  });

  it('falls back to the rule when no model is live', async () => {
    const { policy, predictor } = buildPolicy(() => Promise.reject(new Error('never asked')), null);
    expect(await policy.decide(buildInput(now))).toMatchObject({ source: 'rule', fallback: 'no-live-model' });
    expect(predictor.asked).toBe(0);
  });

  it('does not ask the model about a stale snapshot', async () => {
    const { policy, predictor } = buildPolicy(() => Promise.resolve(buildPrediction('Critical')));
    const old = buildInput({ timestamp: clock.nowMs() - 60_000 });
    expect(await policy.decide(old)).toMatchObject({ source: 'rule', fallback: 'stale-input' });
    expect(predictor.asked).toBe(0);
  });

  it('stops waiting for a model that hangs, asks it no more, and asks the next one', async () => {
    const hang = vi.fn(() => new Promise<Prediction>(() => undefined));
    const { policy, predictor, clock: ownClock } = buildPolicy(hang);
    const first = policy.decide(buildInput(now));
    await ownClock.advance(250);
    expect(await first).toMatchObject({ source: 'rule', fallback: 'time-out' });
    expect(await policy.decide(buildInput(now))).toMatchObject({ fallback: 'time-out' });
    expect(predictor.asked).toBe(1);
    hang.mockResolvedValue(buildPrediction('NoActionNeeded'));
    Object.assign(predictor, { liveVersion: 'm@2' });
    expect(await policy.decide(buildInput(now))).toMatchObject({ source: 'model' });
  });

  it('asks a slow model again once its late answer has come', async () => {
    let answer: (prediction: Prediction) => void = () => undefined;
    const predict = vi.fn(() => new Promise<Prediction>((resolve) => (answer = resolve)));
    const { policy, clock: ownClock } = buildPolicy(predict);
    const first = policy.decide(buildInput(now));
    await ownClock.advance(250);
    await first;
    answer(buildPrediction('Critical'));
    await settle();
    predict.mockResolvedValue(buildPrediction('Critical'));
    expect(await policy.decide(buildInput(now))).toMatchObject({ source: 'model' });
  });
});

describe('createRulePolicy().decide()', () => {
  const total = { mem_total_kib: 1_000_000 };

  it.each([
    [900_000, 'NoActionNeeded'],
    [200_000, 'ShouldOptimize'],
    [100_000, 'ShouldOptimizeAggressive'],
    [40_000, 'Critical'],
  ])('says at %i of 1,000,000 KiB available: %s', async (available, label) => {
    const input = buildInput({ ...total, mem_available_kib: available });
    expect(await createRulePolicy().decide(input)).toMatchObject({
      label,
      source: 'rule',
      probabilities: null,
    });
  });

  it.each([
    [69_000, 0, 'NoActionNeeded'],
    [70_000, 0, 'ShouldOptimize'],
    [100_000, 0, 'ShouldOptimizeAggressive'],
    [100_000, 100_000, 'Critical'],
  ])('says at %i µs some and %i µs full in 2 s: %s', async (some, full, label) => {
    const rule = createRulePolicy();
    const at = (timestamp: number, someUs: number, fullUs: number) =>
      rule.decide(buildInput({ timestamp, psi_memory_some_us: someUs, psi_memory_full_us: fullUs }));
    await at(0, 5_000_000, 3_000_000);
    const verdict = await at(2000, 5_000_000 + some, 3_000_000 + full);
    expect(verdict.label).toBe(label);
    if (label === 'Critical') expect(verdict.reason).toContain('GMemoryMonitor critical');
  });

  it('takes pressure from the features until it has seen two snapshots', async () => {
    const input = { ...buildInput({}), features: Float32Array.of(0.2), featureNames: ['psi_memory_full'] };
    expect(await createRulePolicy().decide(input)).toMatchObject({ label: 'Critical' });
    const blank = { ...input, features: Float32Array.of(Number.NaN) };
    expect(await createRulePolicy().decide(blank)).toMatchObject({ label: 'NoActionNeeded' });
  });

  it('answers a known label whatever the snapshot holds', async () => {
    const verdict = await createRulePolicy().decide(buildInput({ mem_available_kib: Number.NaN }));
    expect(labels).toContain(verdict.label);
  });
});
