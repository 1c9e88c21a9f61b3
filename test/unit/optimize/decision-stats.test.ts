import { describe, expect, it } from 'vitest';
import { createStatsKeeper, quantileOf } from '../../../src/optimize/decision-stats.ts';
import type { Decision } from '../../../src/optimize/index.ts';
import { buildOutcome } from '../../support/optimize/optimize-host.ts';

const decision = (fields: Partial<Decision>): Decision => ({
  id: 'd',
  timestamp: 0,
  label: 'NoActionNeeded',
  probabilities: null,
  source: 'rule',
  modelVersion: null,
  reason: '',
  fallback: null,
  goal: 'relieve',
  shortages: [],
  budgetBytes: 0,
  plan: [],
  refusals: [],
  mode: 'none',
  action: null,
  outcome: null,
  latency: { whetherUs: 1, policyUs: 1, decisionUs: 2, planUs: 0, actionUs: 0 },
  ...fields,
});

describe('createStatsKeeper()', () => {
  it('sums gain and cost of all outcomes, and counts what nobody knows apart', () => {
    const keeper = createStatsKeeper();
    keeper.noteOutcome(
      buildOutcome({ freedKib: 100, takenKib: 120, returnedKib: 20, majorFaults: 2, stallUs: 300 }),
    );
    keeper.noteOutcome(buildOutcome({ freedKib: null, takenKib: 50, stallUs: 7, error: 'it ended' }));
    keeper.noteOutcome(buildOutcome({ freedKib: 10, takenKib: 40, compressedKib: 30 }));
    expect(keeper.read().outcomes).toEqual({
      actions: 3,
      unknown: 1,
      advisedKib: 0,
      takenKib: 210,
      freedKib: 110,
      returnedKib: 20,
      compressedKib: 30,
      majorFaults: 2,
      stallUs: 307,
    });
    expect(keeper.read().lastOutcome).toMatchObject({ freedKib: 10 });
  });

  it('sums what was handed over, also by actions whose window has not ended', () => {
    const keeper = createStatsKeeper();
    const action = { targets: [], advisedBytes: 8192, rssDropBytes: 0, durationUs: 1, error: null };
    keeper.noteDecision(decision({ mode: 'act', action }));
    keeper.noteOutcome(buildOutcome({ freedKib: 8, takenKib: 8 }));
    keeper.noteDecision(decision({ mode: 'act', action }));
    expect(keeper.read().outcomes).toMatchObject({ actions: 1, advisedKib: 16, freedKib: 8 });
  });

  it('sums nothing before there was an outcome', () => {
    expect(createStatsKeeper().read()).toMatchObject({
      outcomes: { actions: 0, unknown: 0, freedKib: 0, stallUs: 0 },
      lastOutcome: null,
      p50Us: null,
    });
  });

  it('counts decisions by label, source, cause and refusal', () => {
    const keeper = createStatsKeeper();
    const refusal = { rule: 'no-shortage', target: null, reason: '' };
    keeper.noteDecision(decision({ refusals: [refusal, refusal] }));
    keeper.noteDecision(decision({ label: 'Critical', source: 'model', mode: 'act' }));
    keeper.noteDecision(decision({ fallback: 'time-out' }));
    keeper.noteDecision(decision({ fallback: 'stale-input', mode: 'dry_run' }));
    expect(keeper.read()).toMatchObject({
      decisions: 4,
      failures: 1,
      fallbacks: 2,
      fallbacksByCause: { 'time-out': 1, 'stale-input': 1 },
      byLabel: { NoActionNeeded: 3, Critical: 1 },
      bySource: { model: 1, rule: 3 },
      actions: 1,
      dryRuns: 1,
      refusalsByRule: { 'no-shortage': 2 },
      p50Us: 2,
      p99Us: 2,
    });
  });
});

it('quantileOf() takes the nearest rank, and null of nothing', () => {
  const sorted = Float64Array.from({ length: 100 }, (_, i) => i + 1);
  expect([quantileOf(sorted, 0.5), quantileOf(sorted, 0.99), quantileOf(sorted, 0)]).toEqual([50, 99, 1]);
  expect(quantileOf(new Float64Array(), 0.5)).toBeNull();
});
