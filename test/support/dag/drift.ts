// A workload that drifts from A to B and back, with a planted truth, for SONA and for recursive least squares.
import { DagSonaEngine, embedPlan, RecursiveLeastSquares } from '../../../src/dag/sona/index.ts';
import type { SonaOptions } from '../../../src/dag/sona/index.ts';
import type { QueryDag } from '../../../src/dag/graph/index.ts';
import { createRandom } from '../random.ts';
import { createNormal, randomPlan } from './plans.ts';

/**
 * What changes from A to B. `plans`: other plans; what makes mechanisms differ is of rank 2 over all of them. `truth`: the
 * same plans take other times, of rank 2 again. `both`: other plans and another truth, which is of rank 4 over all.
 */
export type Drift = 'plans' | 'truth' | 'both';

/** Mean squared errors of ln(time / baseline). */
export interface DriftErrors {
  /** Before learning from each run, over A, B and A again. */
  readonly stream: number;
  /** On A after learning A, and after B too. */
  readonly afterA: number;
  readonly afterB: number;
}

export const NOISE = 0.15;
const mechanisms = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
const BUNDLE = 50;

interface DriftRun {
  readonly dag: QueryDag;
  readonly embedding: Float32Array;
  readonly mechanism: number;
  readonly logRatio: number;
}

interface Learner {
  predict(run: DriftRun): number;
  learn(runs: readonly DriftRun[]): void;
}

export interface DriftOptions {
  readonly drift: Drift;
  readonly seed: number;
  readonly dims: number;
  /** Runs of each of the three phases. */
  readonly runs: number;
}

/** Errors of each learner on the same runs: SONA as it is, SONA that holds nothing, and least squares of some memories. */
export function measureDrift(options: DriftOptions): Record<'sona' | 'plain' | 'rls', DriftErrors> {
  const streams = makeStreams(options);
  const follow = (learner: Learner): DriftErrors => followStreams(learner, streams);
  const [sona, plain] = [{}, { ewcLambda: 0 }].map((own) =>
    follow(sonaLearner({ ...own, embeddingDim: options.dims })),
  );
  const references = [0.99, 0.997, 1].map((forgetting) => follow(rlsLearner(options.dims, forgetting)));
  // The reference is whichever memory did best over the stream: chosen with hindsight, in its favour.
  const rls = references.reduce((best, each) => (each.stream < best.stream ? each : best));
  return { sona: sona!, plain: plain!, rls };
}

interface DriftStreams {
  readonly phases: readonly (readonly DriftRun[])[];
  readonly heldOut: readonly DriftRun[];
}

function makeStreams({ drift, seed, dims, runs }: DriftOptions): DriftStreams {
  const random = createRandom(seed);
  const normal = createNormal(random);
  const plans = Array.from({ length: 40 }, () => {
    const dag = randomPlan(random);
    return { dag, embedding: embedPlan(dag, dims).embedding };
  });
  const directions = (): number[][] => [0, 1].map(() => Array.from({ length: dims }, () => 0.9 * normal()));
  const profiles = (): number[][] => mechanisms.map(() => [0.4 * normal(), 0.4 * normal()]);
  const [profileA, seenA] = [profiles(), directions()];
  const [profileB, seenB] = [drift === 'plans' ? profileA : profiles(), directions()];
  const half = { A: plans.slice(0, 20), B: drift === 'truth' ? plans.slice(0, 20) : plans.slice(20) };
  const draw = (count: number, from: typeof plans, profile: number[][], seen: number[][]): DriftRun[] =>
    Array.from({ length: count }, () => {
      const { dag, embedding } = from[Math.floor(random() * from.length)]!;
      const mechanism = Math.floor(random() * mechanisms.length);
      const u = seen.map((direction) => direction.reduce((sum, each, at) => sum + each * embedding[at]!, 0));
      const effect = profile[mechanism]![0]! * u[0]! + profile[mechanism]![1]! * u[1]!;
      return { dag, embedding, mechanism, logRatio: effect + NOISE * normal() };
    });
  const drawA = (count: number): DriftRun[] => draw(count, half.A, profileA, seenA);
  return { phases: [drawA(runs), draw(runs, half.B, profileB, seenB), drawA(runs)], heldOut: drawA(500) };
}

function followStreams(learner: Learner, { phases, heldOut }: DriftStreams): DriftErrors {
  const meanError = (runs: readonly DriftRun[]): number =>
    runs.reduce((sum, run) => sum + (learner.predict(run) - run.logRatio) ** 2, 0) / runs.length;
  let stream = 0;
  const onA: number[] = [];
  for (const phase of phases) {
    for (let start = 0; start < phase.length; start += BUNDLE) {
      const bundle = phase.slice(start, start + BUNDLE);
      stream += (meanError(bundle) * bundle.length) / (phases.length * phase.length);
      learner.learn(bundle);
    }
    onA.push(meanError(heldOut));
  }
  return { stream, afterA: onA[0]!, afterB: onA[1]! };
}

function sonaLearner(options: SonaOptions): Learner {
  const engine = new DagSonaEngine({ ...options, mechanisms });
  return {
    predict: ({ dag, mechanism }) => engine.predict(dag).get(mechanisms[mechanism]!)!,
    learn: (runs) => {
      for (const { dag, mechanism, logRatio } of runs) {
        engine.postQuery(dag, 100 * Math.exp(logRatio), 100, mechanisms[mechanism]!);
      }
      engine.backgroundLearn();
    },
  };
}

function rlsLearner(dims: number, forgetting: number): Learner {
  const heads = mechanisms.map(() => new RecursiveLeastSquares({ dims, forgetting }));
  return {
    predict: ({ embedding, mechanism }) => heads[mechanism]!.predict(embedding),
    learn: (runs) => {
      for (const { embedding, mechanism, logRatio } of runs) heads[mechanism]!.learn(embedding, logRatio);
    },
  };
}

/** Mean and the interval that holds it in 95 of 100 resamples (percentile bootstrap). */
export function bootstrapMean(
  values: readonly number[],
  seed: number,
): { mean: number; low: number; high: number } {
  const random = createRandom(seed);
  const meanOf = (numbers: readonly number[]): number =>
    numbers.reduce((sum, each) => sum + each, 0) / numbers.length;
  const means = Array.from({ length: 2000 }, () =>
    meanOf(values.map(() => values[Math.floor(random() * values.length)]!)),
  ).sort((a, b) => a - b);
  return { mean: meanOf(values), low: means[50]!, high: means[1949]! };
}
