// What one step of SONA's learning takes, and what a query pays for it: looking a plan up before, recording its run after.
// Beside recursive least squares of as many inputs, the exact answer for a head that is linear.
import { createRandom } from '../support/random.ts';
import { randomPlan } from '../support/dag/plans.ts';
import { DagSonaEngine, embedPlan, RecursiveLeastSquares } from '../../src/dag/sona/index.ts';
import { countShared, initializeShared, MicroLora } from '../../src/dag/sona/lora.ts';
import { quantile } from './harness.ts';
import type { BenchCase, BenchTopic } from './harness.ts';

const STEPS = 5000;
const GOAL_US = 100;

/** Quantile of single calls in µs. */
function quantileOf(share: number, act: (i: number) => void): Promise<number> {
  const times = Array.from({ length: STEPS }, (_, i) => {
    const started = performance.now();
    act(i);
    return (performance.now() - started) * 1000;
  });
  return Promise.resolve(quantile(times, share));
}

function stepCase(embeddingDim: number, mechanisms: number): BenchCase {
  const random = createRandom(1);
  const plans = Array.from({ length: 50 }, () => embedPlan(randomPlan(random), embeddingDim));
  const shape = { embeddingDim, mechanisms, rank: 2, alpha: 16 };
  const model = new MicroLora(shape, initializeShared(shape, random));
  const cores = plans.map(() => new Map());
  const hold = new Float64Array(countShared(shape)).fill(5);
  const anchor = model.shared.slice();
  const rls = new RecursiveLeastSquares({ dims: embeddingDim });
  return {
    bench: 'dag.lora',
    case: `one step, p99, ${embeddingDim} dims, ${mechanisms} mechanisms`,
    unit: 'µs',
    better: 'lower',
    anchorName: `recursive least squares, ${embeddingDim} weights`,
    ours: () =>
      quantileOf(0.99, (i) => {
        const input = { parts: plans[i % 50]!.parts, cores: cores[i % 50]!, mechanism: i % mechanisms };
        model.learn(input, random() - 0.5, { learningRate: 0.05, coreLearningRate: 2, hold, anchor });
      }),
    anchor: () => quantileOf(0.99, (i) => void rls.learn(plans[i % 50]!.embedding, random() - 0.5)),
    goal: (ours) => ours <= GOAL_US,
  };
}

function queryCases(): BenchCase[] {
  const random = createRandom(2);
  const plans = Array.from({ length: 50 }, () => randomPlan(random));
  const engine = new DagSonaEngine();
  const names = engine.settings.mechanisms;
  const record = (i: number): void =>
    engine.postQuery(plans[i % 50]!, 50 + random(), 100, names[i % names.length]!);
  for (let i = 0; i < STEPS; i++) record(i);
  engine.backgroundLearn();
  const shared = { bench: 'dag.lora', unit: 'µs', better: 'lower', anchor: null } as const;
  return [
    {
      ...shared,
      case: 'preQuery of a known plan, p99',
      anchorName: 'no peer: a host has nothing like it',
      ours: () => quantileOf(0.99, (i) => void engine.preQuery(plans[i % 50]!)),
    },
    {
      ...shared,
      case: 'preQuery of a plan never seen (5–20 operators), p50',
      anchorName: 'no peer: a host has nothing like it',
      ours: () => {
        const fresh = Array.from({ length: STEPS }, () => randomPlan(random));
        return quantileOf(0.5, (i) => void engine.preQuery(fresh[i]!));
      },
    },
    {
      ...shared,
      case: 'postQuery, p99',
      anchorName: 'no peer: a host has nothing like it',
      ours: () => quantileOf(0.99, record),
    },
  ];
}

async function* cases(): AsyncIterable<BenchCase> {
  yield stepCase(64, 6);
  yield stepCase(256, 7);
  yield* queryCases();
}

export const topics: readonly BenchTopic[] = [{ name: 'dag.lora', cases }];
