// The champion gate on rows made by hand: what passes, what stays a candidate, and the sentence.
import { describe, expect, it } from 'vitest';
import { compareAnswers } from '../../../src/models/comparison.ts';
import { judge } from '../../../src/models/gate.ts';
import type { GateCase } from '../../../src/models/gate.ts';
import type { HeldOutRows } from '../../../src/models/held-out.ts';

const N = 400;
const labels = Int8Array.from({ length: N }, (_, i) => (Math.floor(i / 7) + Math.floor(i / 3)) % 3);
/** Right but for one row in `every`, spread over time. */
const wrongEvery = (every: number, at = 0, n = N): Int8Array =>
  labels.slice(0, n).map((label, i) => (i % every === at ? (label + 1) % 3 : label));
const majority = new Int8Array(N).fill(0);

function rowsWith(baselines: Record<string, Int8Array>, n = N): HeldOutRows {
  return {
    rows: n,
    timestamps: Float64Array.from({ length: n }, (_, i) => 1000 * i),
    features: new Float32Array(n * 2),
    labels: labels.slice(0, n),
    baselines: Object.fromEntries(Object.entries(baselines).map(([name, all]) => [name, all.slice(0, n)])),
  };
}

const caseOf = (change: Partial<GateCase>): GateCase => ({
  name: 'memopt@new',
  rows: rowsWith({ majority }),
  predicted: wrongEvery(20),
  live: null,
  averagedOver: [],
  horizonMs: 5000,
  ...change,
});
const live = (predicted: ArrayLike<number>, trainedOn: [number, number][] = []) => ({
  name: 'memopt@old',
  predicted,
  trainedOn,
});

describe('judge()', () => {
  it('lets a model pass that is above the live one and the best baseline', () => {
    const report = judge(caseOf({ live: live(wrongEvery(3)) }));
    expect(report).toMatchObject({ verdict: 'passed', rows: N, margin: 0.05 });
    expect(report.rivals.map(({ kind, name }) => [kind, name])).toEqual([
      ['live', 'memopt@old'],
      ['baseline', 'majority'],
    ]);
    expect(report.reason).toMatch(
      /^macro-F1 0\.950 on 400 held-out rows is not below live memopt@old with 0\.66\d \(difference \+0\.28\d, 95 % interval \+0\.\d+ to \+0\.\d+\) nor the baseline majority with 0\.\d+/,
    );
  });

  it('lets the same model pass again: it is not below itself', () => {
    expect(judge(caseOf({ live: live(wrongEvery(20)) })).verdict).toBe('passed');
  });

  it('holds a model back that is below the best baseline, and says by how much', () => {
    const threshold = wrongEvery(6, 3);
    const report = judge(caseOf({ rows: rowsWith({ majority, threshold }), predicted: wrongEvery(2) }));
    expect(report.verdict).toBe('below');
    expect(report.reason).toMatch(
      /^macro-F1 0\.500 on 400 held-out rows is below the baseline threshold with 0\.83\d \(difference −0\.33\d, 95 % interval −0\.\d+ to −0\.\d+\)$/,
    );
  });

  it('holds a model back that is below the live one although it is above every baseline', () => {
    expect(judge(caseOf({ predicted: wrongEvery(5), live: live(wrongEvery(50)) }))).toMatchObject({
      verdict: 'below',
      reason: expect.stringContaining('is below live memopt@old with 0.98'),
    });
  });

  it('takes the best baseline, not the first', () => {
    const persistence = wrongEvery(40, 7);
    const report = judge(caseOf({ rows: rowsWith({ majority, persistence, usageThreshold: majority }) }));
    expect(report).toMatchObject({ verdict: 'below', rivals: [{ name: 'persistence' }] });
  });

  it('cannot tell while the model may be far below, however high its score', () => {
    // Both wrong in one phase each: a replicate that draws the one and not the other swings by far.
    const phase = (from: number, to: number): Int8Array =>
      labels.map((label, i) => (i >= from && i < to ? (label + 1) % 3 : label));
    const report = judge(
      caseOf({ predicted: phase(40, 80), live: live(phase(200, 241)), horizonMs: 40_000 }),
    );
    expect(report).toMatchObject({
      verdict: 'cannot-tell',
      reason: expect.stringMatching(/is not below live .* but it may be more than 0\.05 worse: .*collect longer/),
    });
  });

  it.each([
    ['29 rows', caseOf({ rows: rowsWith({ majority }, 29), predicted: labels.slice(0, 29) }), /are 29, and fewer than 30/],
    [
      'one label',
      caseOf({ rows: { ...rowsWith({ majority }), labels: new Int8Array(N) }, predicted: new Int8Array(N) }),
      /all have one label and cannot tell/,
    ],
    ['no rival', caseOf({ rows: rowsWith({}) }), /so it has no rival/],
  ])('cannot tell from %s, even when every answer is right', (_, given, why) => {
    expect(judge(given)).toMatchObject({ verdict: 'cannot-tell', reason: expect.stringMatching(why) });
  });

  it('compares with a live model on rows only that it was not trained on', () => {
    // Learned by heart up to second 200, useless afterwards.
    const byHeart = labels.map((label, i) => (i <= 200 ? label : (label + 1) % 3));
    const fair = judge(caseOf({ live: live(byHeart, [[0, 200_000]]) }));
    expect(fair).toMatchObject({ verdict: 'passed', rivals: [{ kind: 'live', rows: 199 }, {}] });
    expect(judge(caseOf({ predicted: wrongEvery(2), live: live(labels) })).verdict).toBe('below');
  });

  it('cannot tell when the live model was trained on nearly all of the rows', () => {
    expect(judge(caseOf({ live: live(labels, [[0, 380_000]]) }))).toMatchObject({
      verdict: 'cannot-tell',
      reason: expect.stringContaining('that live memopt@old was not trained on are 19, and fewer than 30'),
    });
  });
});

describe('compareAnswers()', () => {
  const model = { estimator: 'x', created: '2026-01-01T00:00:00.000Z', macroF1: null, interval: null };
  const given = {
    a: { ...model, reference: 'memopt@a' },
    b: { ...model, reference: 'memopt@b' },
    rows: rowsWith({}),
    source: 'held-out' as const,
    averagedOver: [],
    horizonMs: 5000,
  };

  it('says which is better, whichever comes first', () => {
    const first = compareAnswers(given, wrongEvery(20), wrongEvery(3));
    expect(first).toMatchObject({ better: 'a', rows: N, source: 'held-out' });
    expect(first.verdict).toMatch(/^memopt@a is better than memopt@b: macro-F1 0\.950 and 0\.66/);
    const second = compareAnswers(given, wrongEvery(3), wrongEvery(20));
    expect(second.verdict).toMatch(/^memopt@b is better than memopt@a/);
    expect(second.difference).toBeCloseTo(-first.difference!, 12);
  });

  it('cannot tell models apart that err as often, nor from too few rows', () => {
    expect(compareAnswers(given, wrongEvery(10), wrongEvery(10, 5))).toMatchObject({
      better: null,
      verdict: expect.stringMatching(/^cannot tell memopt@a from memopt@b: /),
    });
    const few = { ...given, rows: rowsWith({}, 12) };
    expect(compareAnswers(few, labels.slice(0, 12), wrongEvery(2, 0, 12))).toMatchObject({
      better: null,
      difference: null,
      verdict: expect.stringMatching(/^cannot tell: .* are 12, and fewer than 30/),
    });
  });
});
