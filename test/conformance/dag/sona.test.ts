// LoRA's steps, EWC's holds and recursive least squares against NumPy.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { embedPlan, learn, RecursiveLeastSquares } from '../../../src/dag/sona/index.ts';
import type { LearningTask } from '../../../src/dag/sona/index.ts';
import { createNormal, randomPlan } from '../../support/dag/plans.ts';
import { python } from '../../support/python.ts';
import { createPrintedRandom } from '../../support/random.ts';

interface PeerAnswer {
  readonly learned: readonly { errors: number[]; shared: number[]; cores: number[][]; fisher: number[] }[];
  readonly rls: readonly { weights: number[] }[];
}

const LAMBDA = 5000;
const DECAY = 0.9;

/** A pattern with random cores and shared parameters, some of them held, and 40 runs. */
function buildTask(random: () => number): LearningTask {
  const normal = createNormal(random);
  const [rank, embeddingDim, mechanisms] = [1 + Math.floor(random() * 3), 16 + Math.floor(random() * 32), 5];
  const { signature, parts } = embedPlan(randomPlan(random), embeddingDim);
  const count = rank * (embeddingDim + mechanisms);
  const draw = (length: number, of: () => number): Float64Array => Float64Array.from({ length }, of);
  return {
    shape: { rank, embeddingDim, mechanisms, alpha: 16 },
    baseHead: draw(mechanisms * embeddingDim, normal),
    shared: draw(count, () => normal() / 4),
    consolidation: {
      anchor: draw(count, () => normal() / 4),
      fisher: draw(count, () => (random() < 0.5 ? 0 : random() * 1e-2)),
      recent: new Float64Array(count),
      recentCount: 0,
    },
    patterns: [
      { signature, parts, cores: new Map(parts.map(({ type }) => [type, draw(rank * rank, normal)])) },
    ],
    runs: Array.from({ length: 40 }, () => ({
      pattern: 0,
      mechanism: Math.floor(random() * mechanisms),
      logRatio: normal(),
      boost: 1,
    })),
    learningRate: 0.05,
    coreLearningRate: 2,
    ewcLambda: LAMBDA,
    passes: 1,
    consolidateEvery: 40,
    fisherDecay: DECAY,
  };
}

function toPeerCase(task: LearningTask): unknown {
  const { shape, baseHead, shared, consolidation, patterns, runs, learningRate, coreLearningRate } = task;
  const [{ parts, cores }, dims] = [patterns[0]!, shape.embeddingDim];
  const dense = parts.map(({ at, value }) => {
    const row = Array.from({ length: dims }, () => 0);
    at.forEach((place, i) => (row[place] = value[i]!));
    return row;
  });
  return {
    ...shape,
    dims,
    base: Array.from({ length: shape.mechanisms }, (_, h) => [
      ...baseHead!.subarray(h * dims, (h + 1) * dims),
    ]),
    shared: [...shared],
    cores: parts.map(({ type }) => [...cores.get(type)!]),
    hold: [...consolidation.fisher].map((each) => each * LAMBDA),
    anchor: [...consolidation.anchor],
    lambda: LAMBDA,
    decay: DECAY,
    learningRate,
    coreLearningRate,
    runs: runs.map(({ mechanism, logRatio }) => ({ mechanism, logRatio, parts: dense })),
  };
}

function expectClose(actual: ArrayLike<number>, expected: readonly number[]): void {
  expect(actual).toHaveLength(expected.length);
  expected.forEach((value, at) =>
    expect(Math.abs(actual[at]! - value)).toBeLessThan(1e-8 * Math.max(1, Math.abs(value))),
  );
}

it('learn() and RecursiveLeastSquares agree with NumPy to 1e-8 when patterns, holds and runs are random', () => {
  const random = createPrintedRandom('NumPy');
  const normal = createNormal(random);
  const tasks = Array.from({ length: 5 }, () => buildTask(random));
  const series = [0.95, 0.99, 1].map((forgetting) => ({
    forgetting,
    priorVariance: 10,
    x: Array.from({ length: 60 }, () => Array.from({ length: 6 }, normal)),
    y: Array.from({ length: 60 }, normal),
  }));
  const request = JSON.stringify({ lora: tasks.map(toPeerCase), rls: series });
  const answer = execFileSync(python, [join(import.meta.dirname, 'sona_peer.py')], {
    input: request,
    maxBuffer: 2 ** 28,
    // Its matrices are small: threads would only wait for each other.
    env: { ...process.env, OPENBLAS_NUM_THREADS: '1' },
  });
  const peer = JSON.parse(answer.toString()) as PeerAnswer;
  tasks.forEach((task, i) => {
    const { shared, cores, consolidation } = learn(task);
    expectClose(shared, peer.learned[i]!.shared);
    task.patterns[0]!.parts.forEach(({ type }, t) =>
      expectClose(cores[0]!.get(type)!, peer.learned[i]!.cores[t]!),
    );
    expectClose(consolidation.fisher, peer.learned[i]!.fisher);
  });
  series.forEach(({ forgetting, priorVariance, x, y }, i) => {
    const rls = new RecursiveLeastSquares({ dims: 6, forgetting, priorVariance });
    x.forEach((row, run) => rls.learn(row, y[run]!));
    expectClose(rls.weights, peer.rls[i]!.weights);
  });
});
