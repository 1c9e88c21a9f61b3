// Detectors, predictions and repairs together. The samples of the source document run here.
import { beforeEach, describe, expect, it } from 'vitest';
import { HealingOrchestrator } from '../../../../src/dag/healing/index.ts';
import type { Repair, TensionAnalysis, Trouble } from '../../../../src/dag/healing/index.ts';

/** A setting that a repair changes, and the latency that follows from it. */
interface Host {
  setting: number;
  latency: (setting: number) => number;
}

let host: Host;
const steps: string[] = [];

/** Takes the setting down by one. */
const createRepair = (options: Partial<Repair> = {}): Repair => ({
  name: 'lower-setting',
  canRepair: ({ kind }: Trouble) => kind === 'anomaly',
  measure: () => {
    steps.push('measure');
    return host.latency(host.setting);
  },
  apply: () => {
    steps.push('apply');
    host.setting--;
  },
  undo: () => {
    steps.push('undo');
    host.setting++;
  },
  ...options,
});

const analysisOf = (maxTension: number, latencyVariance = 0): TensionAnalysis => ({
  maxTension,
  latencyVariance,
  bottlenecks: [{ cutNodes: [4, 7], capacity: 1000, tension: maxTension }],
});

const createOrchestrator = (...repairs: Repair[]): HealingOrchestrator => {
  const orchestrator = new HealingOrchestrator();
  orchestrator.addDetector('query_latency', { zThreshold: 3, windowSize: 100, minSamples: 10 });
  for (const repair of repairs) orchestrator.addRepair(repair);
  return orchestrator;
};

const makeAnomalous = (orchestrator: HealingOrchestrator): void => {
  for (const value of [10, 11, 9, 10, 12, 8, 10, 11, 9]) orchestrator.observe('query_latency', value);
  expect(orchestrator.observe('query_latency', 100)).toBe(true);
};

const fails = (): never => {
  throw new Error('no');
};

beforeEach(() => {
  host = { setting: 5, latency: (setting) => 10 * setting };
  steps.length = 0;
});

describe('HealingOrchestrator', () => {
  it("runs the document's sample when its syntax is TypeScript's", () => {
    const mincutAnalysis = analysisOf(0.3);
    const latency = 12.5;
    const orchestrator = new HealingOrchestrator();

    // Reactive: Z-score anomaly detection
    orchestrator.addDetector('query_latency', { zThreshold: 3.0, windowSize: 100, minSamples: 10 });

    // Predictive: Rising cut tension triggers early intervention
    orchestrator.enablePredictive({
      tensionThreshold: 0.6, // Intervene before 0.7 crisis
      varianceThreshold: 1.5, // Rising variance = trouble coming
      lookaheadWindow: 50, // Predict 50 queries ahead
    });

    // Observe metrics
    orchestrator.observe('query_latency', latency);
    orchestrator.observeMincut(mincutAnalysis);

    // Healing cycle: reactive + predictive
    const result = orchestrator.runCycle();
    expect(
      `Reactive repairs: ${result.reactiveRepairs}, Predictive interventions: ${result.predictiveInterventions}`,
    ).toBe('Reactive repairs: 0, Predictive interventions: 0');
  });

  it("runs the document's sample of a high tension when it is 0.75", () => {
    const healing = new HealingOrchestrator();
    healing.addRepair(createRepair({ canRepair: ({ kind }) => kind === 'prediction' }));
    const analysis = analysisOf(0.75);

    // Tension signal drives the whole system
    if (analysis.maxTension > 0.7) {
      // High tension: trigger predictive healing
      healing.predictAndPrepare(analysis);
    }

    expect(healing.runCycle()).toMatchObject({ reactiveRepairs: 0, predictiveInterventions: 1 });
  });

  it('keeps a repair when the measure after it is better', () => {
    const orchestrator = createOrchestrator(createRepair());
    makeAnomalous(orchestrator);
    const cycle = orchestrator.runCycle();
    expect(cycle).toMatchObject({ reactiveRepairs: 1, predictiveInterventions: 0, suggestions: [] });
    expect(cycle.troubles).toMatchObject([{ kind: 'anomaly', name: 'query_latency', count: 1, value: 100 }]);
    expect(cycle.attempts).toMatchObject([{ outcome: 'kept', before: 50, after: 40 }]);
    expect(host.setting).toBe(4);
    expect(steps).toEqual(['measure', 'apply', 'measure']);
  });

  it.each([
    ['is worse', (setting: number) => -10 * setting],
    ['is as before', () => 7],
    ['is better by less than minImprovement', (setting: number) => 1000 + setting],
  ])('undoes a repair when the measure after it %s', (_what, latency) => {
    host.latency = latency;
    const orchestrator = createOrchestrator(createRepair());
    makeAnomalous(orchestrator);
    const cycle = orchestrator.runCycle();
    expect(cycle).toMatchObject({ reactiveRepairs: 0, attempts: [{ outcome: 'undone' }] });
    expect(cycle.suggestions.map(({ text }) => text)).toEqual([
      'query_latency: 1 anomaly 100, 60.7 deviations from the median; none of its repairs helped lately (lower-setting)',
    ]);
    expect(host.setting).toBe(5);
    expect(steps).toEqual(['measure', 'apply', 'measure', 'undo']);
  });

  it('undoes a repair when apply throws half way', () => {
    const apply = (): void => {
      host.setting--;
      fails();
    };
    const orchestrator = createOrchestrator(createRepair({ apply }));
    makeAnomalous(orchestrator);
    expect(orchestrator.runCycle().attempts).toMatchObject([
      { outcome: 'undone', before: 50, after: null, error: { message: 'no' } },
    ]);
    expect(host.setting).toBe(5);
  });

  it.each([['throws', fails] as const, ['gives NaN', () => NaN] as const])(
    'undoes a repair when the second measure %s',
    (_what, second) => {
      let calls = 0;
      const orchestrator = createOrchestrator(
        createRepair({ measure: () => (++calls === 1 ? 50 : second()) }),
      );
      makeAnomalous(orchestrator);
      const [attempt] = orchestrator.runCycle().attempts;
      expect(attempt).toMatchObject({ outcome: 'undone', after: null });
      expect(attempt!.error).toBeInstanceOf(Error);
      expect(host.setting).toBe(5);
    },
  );

  it('does nothing when the first measure throws', () => {
    const orchestrator = createOrchestrator(createRepair({ measure: fails }));
    makeAnomalous(orchestrator);
    expect(orchestrator.runCycle().attempts).toMatchObject([{ outcome: 'failed', before: null }]);
    expect(steps).toEqual([]);
  });

  it('says that a repair is stuck and never tries it again when undo throws', () => {
    const orchestrator = createOrchestrator(createRepair({ undo: fails, apply: fails }));
    makeAnomalous(orchestrator);
    const [attempt] = orchestrator.runCycle().attempts;
    expect(attempt!.outcome).toBe('stuck');
    expect((attempt!.error as AggregateError).errors).toHaveLength(2);
    for (let cycle = 0; cycle < 30; cycle++) {
      orchestrator.observe('query_latency', 1000);
      expect(orchestrator.runCycle().attempts).toEqual([]);
    }
  });

  it('goes on to the next repair when the first one did not help, cannot say, or fails', () => {
    const useless = createRepair({ name: 'useless', measure: () => 1 });
    const confused = createRepair({ name: 'confused', canRepair: fails });
    const orchestrator = createOrchestrator(useless, confused, createRepair());
    makeAnomalous(orchestrator);
    const { attempts, reactiveRepairs, suggestions } = orchestrator.runCycle();
    expect(attempts.map(({ repair, outcome }) => [repair, outcome])).toEqual([
      ['confused', 'failed'],
      ['useless', 'undone'],
      ['lower-setting', 'kept'],
    ]);
    expect(reactiveRepairs).toBe(1);
    expect(suggestions).toEqual([]);
  });

  it('lets a repair that did not help rest when the trouble comes again', () => {
    host.latency = () => 7;
    const orchestrator = new HealingOrchestrator({ restCycles: 3 });
    orchestrator.addDetector('query_latency', {});
    orchestrator.addRepair(createRepair());
    makeAnomalous(orchestrator);
    const tried = Array.from({ length: 6 }, () => {
      const { attempts } = orchestrator.runCycle();
      orchestrator.observe('query_latency', 100);
      return attempts.length;
    });
    expect(tried).toEqual([1, 0, 0, 0, 1, 0]);
  });

  it('suggests when no repair is for a trouble', () => {
    const orchestrator = createOrchestrator(createRepair({ canRepair: () => false }));
    makeAnomalous(orchestrator);
    orchestrator.observe('query_latency', -500);
    const { suggestions, attempts } = orchestrator.runCycle();
    expect(attempts).toEqual([]);
    expect(suggestions.map(({ text }) => text)).toEqual([
      expect.stringMatching(
        /^query_latency: 2 anomalies, the largest -500, -\d+ dev.*; no repair is for it; add one$/,
      ),
    ]);
    expect(orchestrator.runCycle()).toMatchObject({ troubles: [], suggestions: [] });
  });

  it('repairs a drift when values shift by less than the threshold', () => {
    const repaired: Trouble[] = [];
    const repair = createRepair({
      canRepair: ({ kind }) => kind === 'drift',
      apply: (trouble) => void repaired.push(trouble),
    });
    let measures = 0;
    const orchestrator = createOrchestrator({ ...repair, measure: () => 10 - measures++ });
    for (let at = 0; at < 400; at++) orchestrator.observe('query_latency', (at % 5) + (at > 200 ? 2 : 0));
    expect(orchestrator.runCycle().reactiveRepairs).toBe(1);
    expect(repaired).toEqual([{ kind: 'drift', name: 'query_latency', direction: 1 }]);
  });

  it('intervenes before the threshold, and again when tension goes on to rise', () => {
    const orchestrator = createOrchestrator(createRepair({ canRepair: ({ kind }) => kind === 'prediction' }));
    orchestrator.enablePredictive({ tensionThreshold: 0.6, varianceThreshold: 1.5, lookaheadWindow: 50 });
    const intervened: number[] = [];
    for (let at = 0; at < 300; at++) {
      const tension = 0.2 + 0.002 * at;
      orchestrator.observeMincut(analysisOf(tension));
      const cycle = orchestrator.runCycle();
      if (cycle.predictiveInterventions > 0) {
        intervened.push(tension);
        expect(cycle.troubles).toMatchObject([
          { kind: 'prediction', name: 'maxTension', threshold: 0.6, bottlenecks: [{ cutNodes: [4, 7] }] },
        ]);
      }
    }
    expect(intervened.length).toBeGreaterThan(1);
    expect(intervened[0]).toBeLessThan(0.6);
    expect(intervened[0]).toBeGreaterThan(0.45);
  });

  it('suggests once, with when and where, when nobody can intervene', () => {
    const orchestrator = new HealingOrchestrator();
    const texts = Array.from({ length: 200 }, (_, at) => {
      orchestrator.observeMincut(analysisOf(0.2 + 0.002 * at));
      return orchestrator.runCycle().suggestions.map(({ text }) => text);
    }).flat();
    expect(texts).toEqual([
      expect.stringMatching(
        /^maxTension will be beyond 0.6 in \d+ steps \(chance 0.9\d*\), at operators 4, 7; no repair is for it; add one$/,
      ),
    ]);
  });

  it('intervenes when the variance of latency rises', () => {
    const orchestrator = new HealingOrchestrator();
    for (let at = 0; at < 100; at++) orchestrator.observeMincut(analysisOf(0.3, 0.016 * at));
    expect(orchestrator.runCycle().troubles).toMatchObject([{ name: 'latencyVariance', threshold: 1.5 }]);
  });

  it('alarms again when tension was calm in between', () => {
    const orchestrator = new HealingOrchestrator();
    const alarms = [0.8, 0.2, 0.8].map((tension) => {
      for (let at = 0; at < 80; at++) orchestrator.observeMincut(analysisOf(tension));
      return orchestrator.runCycle().troubles.length;
    });
    expect(alarms).toEqual([1, 0, 1]);
  });

  it('takes infinite tension for a crisis and stays of use when it ends', () => {
    const orchestrator = new HealingOrchestrator();
    orchestrator.observeMincut(analysisOf(Infinity));
    expect(orchestrator.runCycle().troubles).toMatchObject([{ steps: 0 }]);
    for (let at = 0; at < 100; at++) orchestrator.observeMincut(analysisOf(0.2));
    expect(orchestrator.predictAndPrepare(analysisOf(0.2))).toEqual([]);
  });

  it('takes an analysis once when it is observed and then predicted from', () => {
    const [once, twice] = [new HealingOrchestrator(), new HealingOrchestrator()];
    for (let at = 0; at < 60; at++) {
      const analysis = analysisOf(0.2 + 0.004 * at);
      once.observeMincut(analysis);
      twice.observeMincut(analysis);
      expect(twice.predictAndPrepare(analysis)).toEqual(once.predictAndPrepare(analysis));
    }
  });

  it('waits for settleCycles with the measure, and starts nothing else, when a repair needs time', () => {
    const slow = createRepair({ settleCycles: 2 });
    const orchestrator = createOrchestrator(slow);
    makeAnomalous(orchestrator);
    const outcomes = Array.from({ length: 4 }, () => {
      const { attempts } = orchestrator.runCycle();
      orchestrator.observe('query_latency', 100);
      return attempts.map(({ outcome, after }) => [outcome, after]);
    });
    expect(outcomes).toEqual([
      [['trial', null]],
      [],
      [
        ['kept', 40],
        ['trial', null],
      ],
      [],
    ]);
  });

  it('takes back what was kept, the newest first, when undoAll() is called', () => {
    const orchestrator = createOrchestrator(createRepair());
    makeAnomalous(orchestrator);
    orchestrator.runCycle();
    orchestrator.observe('query_latency', 100);
    orchestrator.runCycle();
    expect(host.setting).toBe(3);
    expect(orchestrator.undoAll().map(({ outcome, before }) => [outcome, before])).toEqual([
      ['undone', 40],
      ['undone', 50],
    ]);
    expect(host.setting).toBe(5);
    expect(orchestrator.undoAll()).toEqual([]);
  });

  it('waits for promises of a repair when the cycle is asynchronous', async () => {
    const orchestrator = createOrchestrator(
      createRepair({
        measure: async () => host.latency(host.setting),
        apply: async () => void host.setting--,
        undo: async () => void host.setting++,
      }),
    );
    makeAnomalous(orchestrator);
    const running = orchestrator.runCycleAsync();
    expect(() => orchestrator.runCycle()).toThrow(expect.objectContaining({ code: 'ERR_DAG_HEALING_BUSY' }));
    expect((await running).reactiveRepairs).toBe(1);
    expect(host.setting).toBe(4);
    expect(orchestrator.runCycle().troubles).toEqual([]);
    expect(await orchestrator.undoAllAsync()).toMatchObject([{ outcome: 'undone' }]);
    expect(host.setting).toBe(5);
  });

  it('fails a repair of promises when the cycle cannot wait', () => {
    const orchestrator = createOrchestrator(createRepair({ measure: async () => fails() }));
    makeAnomalous(orchestrator);
    expect(orchestrator.runCycle().attempts).toMatchObject([
      {
        outcome: 'failed',
        error: { code: 'ERR_DAG_REPAIR', message: expect.stringContaining('runCycleAsync()') },
      },
    ]);
    expect(steps).toEqual([]);
  });

  it.each([
    [
      'an unknown detector',
      (on: HealingOrchestrator) => on.observe('latency', 1),
      'ERR_DAG_HEALING_NAME',
      'query_latency',
    ],
    [
      'a detector twice',
      (on: HealingOrchestrator) => on.addDetector('query_latency'),
      'ERR_DAG_HEALING_NAME',
      'query_latency',
    ],
    [
      'a repair twice',
      (on: HealingOrchestrator) => on.addRepair(createRepair()),
      'ERR_DAG_HEALING_NAME',
      'lower-setting',
    ],
    [
      'a value that is none',
      (on: HealingOrchestrator) => on.observe('query_latency', NaN),
      'ERR_DAG_OBSERVATION',
      'query_latency',
    ],
    [
      'tension that is none',
      (on: HealingOrchestrator) => on.observeMincut(analysisOf(NaN)),
      'ERR_DAG_OBSERVATION',
      'maxTension',
    ],
    [
      'variance that is none',
      (on: HealingOrchestrator) => on.observeMincut(analysisOf(0.1, NaN)),
      'ERR_DAG_OBSERVATION',
      'latencyVariance',
    ],
    [
      'a threshold of zero',
      (on: HealingOrchestrator) => on.enablePredictive({ tensionThreshold: 0 }),
      'ERR_DAG_HEALING_OPTION',
      'tensionThreshold',
    ],
    [
      'a window that is no count',
      (on: HealingOrchestrator) => on.enablePredictive({ lookaheadWindow: 1.5 }),
      'ERR_DAG_HEALING_OPTION',
      'lookaheadWindow',
    ],
    [
      'a repair that never settles',
      (on: HealingOrchestrator) => on.addRepair(createRepair({ name: 'x', settleCycles: -1 })),
      'ERR_DAG_HEALING_OPTION',
      'settleCycles',
    ],
  ])('refuses %s and names it', (_what, act, code, name) => {
    const orchestrator = createOrchestrator(createRepair());
    expect(() => act(orchestrator)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(name) }),
    );
  });
});
