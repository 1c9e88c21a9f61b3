// Cycles of healing: their time, and how good the alarms before a crisis are, beside an alarm at a fixed tension.
import { HealingOrchestrator, TensionForecast } from '../../src/dag/healing/index.ts';
import type { Repair, TensionAnalysis } from '../../src/dag/healing/index.ts';
import { measureAlarms } from '../support/dag/alarm-quality.ts';
import type { Alarming, AlarmQuality } from '../support/dag/alarm-quality.ts';
import { createNormal } from '../support/dag/plans.ts';
import { CRISIS } from '../support/dag/tension-series.ts';
import { createRandom } from '../support/random.ts';
import type { BenchCase, BenchTopic } from './harness.ts';
import { quantile } from './harness.ts';

const bench = 'dag.healing';
const cycles = 20_000;
const LOOKAHEAD = 50;

/** An action that helps every other time. */
function createRepair(): Repair {
  let measures = 0;
  return {
    name: 'bench',
    canRepair: () => true,
    measure: () => (measures++ % 4 === 1 ? 1 : 2),
    apply: () => undefined,
    undo: () => undefined,
  };
}

/** ms a cycle, the one that 99 of 100 do not exceed: ten observations, an analysis, and what follows from them. */
function timeCycles(): number {
  const normal = createNormal(createRandom(1));
  const orchestrator = new HealingOrchestrator({ restCycles: 0 });
  orchestrator.enablePredictive();
  orchestrator.addRepair(createRepair());
  const names = Array.from({ length: 10 }, (_, at) => `series-${at}`);
  for (const name of names) orchestrator.addDetector(name);
  const times: number[] = [];
  for (let cycle = 0; cycle < cycles; cycle++) {
    const maxTension = 0.45 + 0.3 * Math.sin(cycle / 100) + 0.02 * normal();
    const bottlenecks = [{ cutNodes: [1, 2], capacity: 100, tension: maxTension }];
    const analysis: TensionAnalysis = { maxTension, latencyVariance: 1 + 0.1 * normal(), bottlenecks };
    const values = names.map(() => normal());
    const from = performance.now();
    names.forEach((name, at) => orchestrator.observe(name, values[at]!));
    orchestrator.observeMincut(analysis);
    orchestrator.runCycle();
    times.push(performance.now() - from);
  }
  return quantile(times, 0.99);
}

const foretell: Alarming = (values) => {
  const forecast = new TensionForecast({ threshold: CRISIS, lookahead: LOOKAHEAD });
  return Array.from(values, (value) => {
    forecast.observe(value);
    return forecast.nextCrossing() !== null;
  });
};
const atSixTenths: Alarming = (values) => Array.from(values, (value) => value > 0.6);

async function* cases(): AsyncGenerator<BenchCase> {
  yield {
    bench,
    case: 'cycle of 10 series and a min cut, p99',
    unit: 'ms',
    better: 'lower',
    anchorName: 'goal: 1 ms',
    ours: async () => timeCycles(),
    anchor: null,
    goal: (ms) => ms <= 1,
  };
  const measured: [string, AlarmQuality, AlarmQuality][] = [
    [
      'ramps, steps, waves, plateaus',
      measureAlarms(foretell, LOOKAHEAD, 100),
      measureAlarms(atSixTenths, LOOKAHEAD, 100),
    ],
    [
      'ramps',
      measureAlarms(foretell, LOOKAHEAD, 100, ['ramp']),
      measureAlarms(atSixTenths, LOOKAHEAD, 100, ['ramp']),
    ],
  ];
  for (const [what, ours, anchor] of measured) {
    for (const [figure, unit, least] of [
      ['precision', 'share', 0.7],
      ['recall', 'share', 0],
      ['leadTime', 'steps', 5],
    ] as const) {
      yield {
        bench,
        case: `${figure} of alarms, ${what}`,
        unit,
        better: 'higher',
        anchorName: 'an alarm whenever tension is above 0.6',
        ours: async () => ours[figure],
        anchor: async () => anchor[figure],
        goal: (value) => value >= least,
        runs: 1,
        warmup: false,
      };
    }
  }
}

export const topics: readonly BenchTopic[] = [{ name: bench, cases }];
