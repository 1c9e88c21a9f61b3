// The head of SONA and how it learns: its derivatives, its rank, its steps.
import { describe, expect, it } from 'vitest';
import { OperatorType } from '../../../../src/dag/graph/index.ts';
import { embedPlan } from '../../../../src/dag/sona/index.ts';
import { countShared, initializeShared, MicroLora } from '../../../../src/dag/sona/lora.ts';
import type { LoraCores, LoraInput, LoraShape } from '../../../../src/dag/sona/lora.ts';
import { createNormal, randomPlan } from '../../../support/dag/plans.ts';
import { createPrintedRandom, createRandom } from '../../../support/random.ts';

const shape: LoraShape = { embeddingDim: 32, rank: 2, mechanisms: 4, alpha: 16 };

function randomModel(random: () => number, withBase = true): MicroLora {
  const normal = createNormal(random);
  const shared = Float64Array.from({ length: countShared(shape) }, () => normal() / 4);
  const base = Float64Array.from({ length: shape.mechanisms * shape.embeddingDim }, normal);
  return new MicroLora(shape, shared, withBase ? base : null);
}

function randomInput(random: () => number): LoraInput {
  const normal = createNormal(random);
  const { parts } = embedPlan(randomPlan(random), shape.embeddingDim);
  const cores: LoraCores = new Map(parts.map(({ type }) => [type, Float64Array.from({ length: 4 }, normal)]));
  return { parts, cores, mechanism: Math.floor(random() * shape.mechanisms) };
}

/** ΔW as it acts on an embedding, row by row: with all cores 0 it is (α/r)BA. */
function correctionRows(model: MicroLora): number[][] {
  return Array.from({ length: shape.mechanisms }, (_, mechanism) =>
    Array.from({ length: shape.embeddingDim }, (__, place) => {
      const part = { type: OperatorType.Filter, at: Int32Array.of(place), value: Float64Array.of(1) };
      return model.predict({ parts: [part], cores: new Map(), mechanism });
    }),
  );
}

/** Singular values above 1e-9 of the largest, by eliminating with the largest pivot. */
function rankOf(rows: readonly (readonly number[])[]): number {
  const left = rows.map((row) => [...row]);
  const scale = Math.max(...left.flat().map(Math.abs)) || 1;
  let rank = 0;
  for (let column = 0; column < left[0]!.length && rank < left.length; column++) {
    const pivot = left.findIndex((row, at) => at >= rank && Math.abs(row[column]!) > 1e-9 * scale);
    if (pivot < 0) continue;
    [left[rank], left[pivot]] = [left[pivot]!, left[rank]!];
    for (const row of left.slice(rank + 1)) {
      const share = row[column]! / left[rank]![column]!;
      left[rank]!.forEach((value, at) => (row[at]! -= share * value));
    }
    rank++;
  }
  return rank;
}

const noHold = { hold: new Float64Array(countShared(shape)), anchor: new Float64Array(countShared(shape)) };

describe('MicroLora', { timeout: 120_000 }, () => {
  it('gradient() agrees with finite differences to 1e-6 when models, plans and cores are random', () => {
    const random = createPrintedRandom('gradients');
    for (let trial = 0; trial < 20; trial++) {
      const [model, input] = [randomModel(random), randomInput(random)];
      const { shared, cores } = model.gradient(input);
      const [analytic, byCore] = [shared.slice(), cores.map((core) => core.slice())];
      const check = (values: Float64Array, at: number, derivative: number): void => {
        const [held, step] = [values[at]!, 1e-5];
        values[at] = held + step;
        const above = model.predict(input);
        values[at] = held - step;
        const below = model.predict(input);
        values[at] = held;
        expect(Math.abs((above - below) / (2 * step) - derivative)).toBeLessThan(
          1e-6 * Math.max(1, Math.abs(derivative)),
        );
      };
      for (let at = 0; at < model.shared.length; at++) check(model.shared, at, analytic[at]!);
      input.parts.forEach(({ type }, t) => {
        for (let at = 0; at < 4; at++) check(input.cores.get(type)!, at, byCore[t]![at]!);
      });
    }
  });

  it('predict() is the base head alone when nothing was learned', () => {
    const random = createRandom(1);
    const base = Float64Array.from({ length: 4 * 32 }, createNormal(random));
    const model = new MicroLora(shape, initializeShared(shape, random), base);
    const { parts, embedding } = embedPlan(randomPlan(random), 32);
    const expected = embedding.reduce((sum, value, at) => sum + value * base[32 + at]!, 0);
    expect(model.predict({ parts, cores: new Map(), mechanism: 1 })).toBeCloseTo(expected, 6);
  });

  it('learn() makes a correction of rank 0, 1 and 2, and no more, when it learns independent directions', () => {
    const random = createRandom(7);
    const model = new MicroLora(shape, initializeShared(shape, random));
    const inputs = [0, 1, 2, 3].map((mechanism) => ({ ...randomInput(random), cores: new Map(), mechanism }));
    const rates = { learningRate: 1, coreLearningRate: 1e-9, ...noHold };
    const ranks = [rankOf(correctionRows(model))];
    for (const [i, input] of inputs.entries()) {
      for (let step = 0; step < 20; step++) model.learn(input, i % 2 === 0 ? 1 : -2, rates);
      ranks.push(rankOf(correctionRows(model)));
    }
    expect(ranks).toEqual([0, 1, 2, 2, 2]);
  });

  it('learn() meets what it observes when a step is repeated, however large the learning rate', () => {
    const random = createRandom(3);
    for (const learningRate of [1e-2, 1, 1e3, 1e9]) {
      const [model, input] = [randomModel(random), randomInput(random)];
      for (let step = 0; step < 3000; step++) {
        model.learn(input, 0.5, { learningRate, coreLearningRate: learningRate, ...noHold });
      }
      expect(model.predict(input)).toBeCloseTo(0.5, 2);
    }
  });

  it('learn() stays where it is held when λF is 5000 and far above', () => {
    const random = createRandom(4);
    for (const weight of [5000, 1e9, 1e15]) {
      const model = randomModel(random);
      const start = model.shared.slice();
      const hold = new Float64Array(start.length).fill(weight);
      for (let step = 0; step < 500; step++) {
        const input = { ...randomInput(random), cores: new Map() };
        model.learn(input, 100, { learningRate: 10, coreLearningRate: 1e-9, hold, anchor: start });
      }
      const moved = Math.max(...model.shared.map((value, at) => Math.abs(value - start[at]!)));
      expect(moved).toBeLessThan(5000 / weight);
      expect(moved).toBeGreaterThan(0);
    }
  });
});
