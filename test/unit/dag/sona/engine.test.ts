// The engine as its user sees it: records, learns, tells, survives a restart.
import { describe, expect, it } from 'vitest';
import type { QueryDag } from '../../../../src/dag/graph/index.ts';
import { DagSonaEngine, learn } from '../../../../src/dag/sona/index.ts';
import type { SonaPattern } from '../../../../src/dag/sona/index.ts';
import { documentPlan } from '../../../support/dag/document-plan.ts';
import { createNormal, randomPlan } from '../../../support/dag/plans.ts';
import { createRandom } from '../../../support/random.ts';

/** An engine that saw `runs` runs of some plans, whose times follow the mechanism and the plan. */
function taughtEngine(seed: number, runs = 400): { engine: DagSonaEngine; plans: QueryDag[] } {
  const random = createRandom(seed);
  const normal = createNormal(random);
  const plans = Array.from({ length: 12 }, () => randomPlan(random));
  const engine = new DagSonaEngine({ seed, consolidateEvery: 100 });
  for (let run = 0; run < runs; run++) {
    const plan = run % plans.length;
    const name = engine.settings.mechanisms[Math.floor(random() * 7)]!;
    engine.postQuery(plans[plan]!, 100 * Math.exp(0.1 * normal() - (plan % 3) * 0.3), 100, name);
    if (run % 50 === 49) engine.backgroundLearn();
  }
  return { engine, plans };
}

const code = (wanted: string): unknown => expect.objectContaining({ code: wanted });

describe('DagSonaEngine of the document', () => {
  it('DagSonaEngine runs the sample of the document when only its syntax is changed', () => {
    const dag = documentPlan();
    const sona = new DagSonaEngine({
      embeddingDim: 256,
      loraRank: 2,
      ewcLambda: 5000,
      trajectoryCapacity: 10_000,
    });
    const enhanced = sona.preQuery(dag);
    expect(enhanced).toHaveLength(256);
    const [executionTime, baselineTime] = [623, 850];
    sona.postQuery(dag, executionTime, baselineTime, 'topological');
    expect(sona.backgroundLearn()).toMatchObject({ trajectories: 1, updates: 2 });
    sona.boostLearningRate(2);
    const state = sona.state(dag)!;
    expect(state.embedding).toHaveLength(256);
    expect([...state.loraWeights.values()].every((rows) => rows.length === 2 && rows[0]!.length === 2)).toBe(
      true,
    );
    expect(state.trajectoryStats).toMatchObject({ count: 1, variance: 0, bestMechanism: 'topological' });
    expect(state.trajectoryStats.meanImprovement).toBeCloseTo(0.267, 3);
    const other = new DagSonaEngine();
    expect(other.mergeNetworkPatterns(sona.getMaturePatterns())).toBe(0);
  });

  it('backgroundLearn() foretells what runs take when a plan is run again and again', () => {
    const dag = documentPlan();
    const sona = new DagSonaEngine();
    const times = [
      847, 812, 623, 412, 398, 390, 405, 400, 395, 402, 399, 401, 398, 400, 403, 397, 400, 401, 399, 400,
    ];
    for (let round = 0; round < 4; round++) {
      for (const ms of times.slice(4)) sona.postQuery(dag, ms, 850, 'min_cut_gated');
      sona.backgroundLearn();
    }
    expect(sona.predict(dag).get('min_cut_gated')).toBeCloseTo(Math.log(400 / 850), 1);
    expect(sona.getMaturePatterns()).toHaveLength(1);
  });
});

describe('DagSonaEngine', () => {
  it('preQuery() gives the plain embedding before anything was learned and moves it afterwards, by what was learned', () => {
    const { engine, plans } = taughtEngine(5);
    const fresh = new DagSonaEngine({ seed: 5 });
    expect(fresh.preQuery(plans[0]!)).toEqual(engine.state(plans[0]!)!.embedding);
    expect(engine.preQuery(plans[0]!)).not.toEqual(engine.state(plans[0]!)!.embedding);
    expect(engine.preQuery(plans[0]!).every(Number.isFinite)).toBe(true);
  });

  it('postQuery() counts the same improvements as a plain computation when runs are many', () => {
    const engine = new DagSonaEngine();
    const [dag, random] = [documentPlan(), createRandom(2)];
    const improvements = Array.from({ length: 500 }, () => random() * 2 - 1);
    for (const each of improvements) engine.postQuery(dag, 1e6 * (1 - each), 1e6, 'topological');
    const mean = improvements.reduce((sum, each) => sum + each, 0) / 500;
    const variance = improvements.reduce((sum, each) => sum + (each - mean) ** 2, 0) / 499;
    const { trajectoryStats } = engine.state(dag)!;
    expect(trajectoryStats.count).toBe(500);
    expect(trajectoryStats.meanImprovement).toBeCloseTo(mean, 10);
    expect(trajectoryStats.variance).toBeCloseTo(variance, 10);
  });

  it.each([
    [Number.NaN, 1, 'topological'],
    [-1, 1, 'topological'],
    [Infinity, 1, 'topological'],
    [1, Number.NaN, 'topological'],
    [1, 0, 'topological'],
    [1, -5, 'topological'],
    [1, Infinity, 'topological'],
    [1, 1, 'sideways'],
    [1, 1, undefined as unknown as string],
  ])(
    'postQuery() refuses a run of %s ms over %s with %s and stays as it was',
    (ms, baselineMs, mechanism) => {
      const engine = new DagSonaEngine();
      expect(() => engine.postQuery(documentPlan(), ms, baselineMs, mechanism)).toThrow(
        code('ERR_DAG_SONA_RUN'),
      );
      expect([engine.patternCount, engine.pendingTrajectories]).toEqual([0, 0]);
    },
  );

  it('postQuery() keeps what it learns finite when times are as far apart as numbers go', () => {
    const engine = new DagSonaEngine();
    for (const [ms, baselineMs] of [
      [0, 1e308],
      [1e308, 5e-324],
      [5e-324, 5e-324],
    ] as const) {
      engine.postQuery(documentPlan(), ms, baselineMs, 'topological');
    }
    engine.backgroundLearn();
    const { trajectoryStats } = engine.state(documentPlan())!;
    const numbers = [
      ...engine.predict(documentPlan()).values(),
      trajectoryStats.meanImprovement,
      trajectoryStats.variance,
    ];
    expect(numbers.every(Number.isFinite)).toBe(true);
    expect(DagSonaEngine.restore(engine.serialize()).serialize()).toEqual(engine.serialize());
  });

  it.each([
    { embeddingDim: 0 },
    { embeddingDim: 256.5 },
    { loraRank: Number.NaN },
    { ewcLambda: -1 },
    { trajectoryCapacity: 0 },
    { learningRate: Infinity },
    { mechanisms: [] },
    { mechanisms: ['a', 'a'] },
    { baseHead: new Float64Array(3) },
    { baseHead: new Float64Array(7 * 256).fill(Number.NaN) },
  ])('DagSonaEngine() refuses options that cannot be: %o', (options) => {
    expect(() => new DagSonaEngine(options)).toThrow(code('ERR_DAG_SONA_OPTION'));
  });

  it('postQuery() drops the oldest run and the pattern not seen for longest when there is no room', () => {
    const engine = new DagSonaEngine({ trajectoryCapacity: 5, patternCapacity: 2 });
    const random = createRandom(9);
    const plans = Array.from({ length: 4 }, () => randomPlan(random));
    for (const plan of [plans[0]!, plans[1]!, plans[0]!, plans[2]!])
      engine.postQuery(plan, 1, 2, 'topological');
    expect(engine.patternCount).toBe(2);
    expect(engine.state(plans[1]!)).toBeNull();
    for (let run = 0; run < 10; run++) engine.postQuery(plans[0]!, 1, 2, 'topological');
    expect([engine.pendingTrajectories, engine.droppedTrajectories]).toEqual([5, 9]);
    expect(engine.backgroundLearn().trajectories).toBe(5);
    expect(engine.pendingTrajectories).toBe(0);
  });

  it('boostLearningRate() makes the next learning go further, once, and for one plan only when one is given', () => {
    const change = (boost: (engine: DagSonaEngine, dag: QueryDag) => void): number => {
      const engine = new DagSonaEngine();
      engine.postQuery(documentPlan(), 50, 100, 'topological');
      boost(engine, documentPlan());
      engine.backgroundLearn();
      return engine.predict(documentPlan()).get('topological')!;
    };
    const plain = change(() => undefined);
    expect(change((engine) => engine.boostLearningRate(2))).toBeLessThan(plain);
    expect(change((engine, dag) => engine.boostLearningRate(2, dag))).toBeLessThan(plain);
    expect(change((engine) => engine.boostLearningRate(2, randomPlan(createRandom(1))))).toBe(plain);
    expect(
      change((engine) => {
        engine.boostLearningRate(8);
        engine.backgroundLearn();
        engine.postQuery(documentPlan(), 50, 100, 'topological');
      }),
    ).toBeGreaterThan(Math.log(0.5));
    for (const factor of [0, -1, Number.NaN, Infinity]) {
      expect(() => new DagSonaEngine().boostLearningRate(factor)).toThrow(code('ERR_DAG_SONA_OPTION'));
    }
  });

  it('startLearning() loses no run that comes meanwhile, nor those of a task that is abandoned', () => {
    const { engine, plans } = taughtEngine(6, 40);
    const started = engine.startLearning();
    engine.postQuery(plans[0]!, 1, 2, 'topological');
    expect(() => engine.backgroundLearn()).toThrow(code('ERR_DAG_SONA_BUSY'));
    expect(engine.pendingTrajectories).toBe(41);
    started.abandon();
    expect(engine.backgroundLearn().trajectories).toBe(41);
    engine.postQuery(plans[0]!, 1, 2, 'topological');
    const second = engine.startLearning();
    engine.postQuery(plans[1]!, 1, 2, 'topological');
    expect(second.finish(learn(second.task)).trajectories).toBe(1);
    expect(engine.pendingTrajectories).toBe(1);
  });

  it('getMaturePatterns() gives what has runs enough and an improvement beyond its noise', () => {
    const engine = new DagSonaEngine();
    const random = createRandom(12);
    const normal = createNormal(random);
    const [better, worse, noisy, rare] = Array.from({ length: 4 }, () => randomPlan(random)) as [
      QueryDag,
      QueryDag,
      QueryDag,
      QueryDag,
    ];
    for (let run = 0; run < 40; run++) {
      engine.postQuery(better, 80 + normal(), 100, 'topological');
      engine.postQuery(worse, 120 + normal(), 100, 'topological');
      engine.postQuery(noisy, run % 2 === 0 ? 10 : 188, 100, 'topological');
      if (run < 9) engine.postQuery(rare, 10, 100, 'topological');
    }
    expect(engine.getMaturePatterns().map(({ signature }) => signature)).toEqual([
      engine.state(better)!.signature,
    ]);
  });

  it('mergeNetworkPatterns() teaches a plan that was not seen yet when it comes, and leaves own patterns alone', () => {
    const [giver, taker] = [new DagSonaEngine({ seed: 1 }), new DagSonaEngine({ seed: 2 })];
    for (let run = 0; run < 20; run++) giver.postQuery(documentPlan(), 20 + (run % 3), 100, 'causal_cone');
    const patterns = giver.getMaturePatterns();
    expect(taker.mergeNetworkPatterns(patterns)).toBe(1);
    expect([taker.patternCount, taker.pendingTrajectories]).toEqual([0, 0]);
    taker.postQuery(documentPlan(), 100, 100, 'topological');
    for (let round = 0; round < 3; round++) taker.backgroundLearn();
    expect(taker.predict(documentPlan()).get('causal_cone')).toBeLessThan(-0.1);
    expect(taker.state(documentPlan())!.trajectoryStats).toMatchObject({
      count: 1,
      bestMechanism: 'topological',
    });
    expect(taker.mergeNetworkPatterns(patterns)).toBe(0);
  });

  it('mergeNetworkPatterns() refuses all when one cannot be', () => {
    const giver = new DagSonaEngine();
    for (let run = 0; run < 20; run++) giver.postQuery(documentPlan(), 20 + (run % 3), 100, 'causal_cone');
    const good = giver.getMaturePatterns()[0]!;
    const stats = good.trajectoryStats;
    const bad: SonaPattern[] = [
      { ...good, signature: '../../etc' },
      { ...good, embedding: good.embedding.map(() => Number.NaN) },
      { ...good, embedding: good.embedding.slice(1) },
      { ...good, trajectoryStats: { ...stats, count: -1 } },
      { ...good, trajectoryStats: { ...stats, count: 1e6 } },
      { ...good, trajectoryStats: { ...stats, variance: Number.NaN } },
      { ...good, trajectoryStats: { ...stats, bestMechanism: 'other' } },
      { ...good, mechanisms: [{ ...good.mechanisms[0]!, meanLogRatio: -1000 }] },
      { ...good, mechanisms: [good.mechanisms[0]!, good.mechanisms[0]!] },
    ];
    for (const pattern of bad) {
      const taker = new DagSonaEngine();
      expect(() => taker.mergeNetworkPatterns([good, pattern])).toThrow(code('ERR_DAG_SONA_PATTERN'));
      expect(taker.mergeNetworkPatterns([good])).toBe(1);
    }
  });
});
