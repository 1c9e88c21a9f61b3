// What SONA predicts and how it learns: the logarithm of time over baseline, by mechanism, from a frozen base head W₀ and
// a low-rank correction. With z_t the part of the embedding that operators of type t add,
//   u = Σ_t (I + D_t) A z_t        ŷ_h = W₀_h·z + (α/r) B_h·u
// A (r × d) and B (m × r) are shared by all plans: LoRA as published (Hu et al. 2021), ΔW = (α/r)BA. The r × r cores D_t
// belong to one pattern and one operator type each and begin at 0, as B does: nothing is changed before something was learned.
import type { OperatorType } from '../graph/index.ts';
import type { EmbeddingPart } from './plan-embedding.ts';

/** Sizes of a {@link MicroLora}. */
export interface LoraShape {
  readonly embeddingDim: number;
  readonly rank: number;
  readonly mechanisms: number;
  /** Scale of the correction: it is `alpha / rank` times BA. */
  readonly alpha: number;
}

/** r × r, row-major, by operator type: the part of the correction that belongs to one pattern. */
export type LoraCores = Map<OperatorType, Float64Array>;

/** A row of a plan's effect: what is predicted for one mechanism on a plan of these parts. */
export interface LoraInput {
  readonly parts: readonly EmbeddingPart[];
  readonly cores: LoraCores;
  /** Number of the mechanism. */
  readonly mechanism: number;
}

/** How far one step goes. */
export interface LoraStep {
  /** Of A and B. */
  readonly learningRate: number;
  /** Of the cores. */
  readonly coreLearningRate: number;
  /** Weight with which a shared parameter is held where it was: λF, by parameter. */
  readonly hold: Float64Array;
  /** Where it is held. */
  readonly anchor: Float64Array;
}

/** The derivatives of one prediction. */
export interface LoraGradient {
  /** Of A, then of B. */
  readonly shared: Float64Array;
  /** Of the core of each part's type. */
  readonly cores: readonly Float64Array[];
}

/** Number of shared parameters. */
export function countShared({ embeddingDim, rank, mechanisms }: LoraShape): number {
  return rank * (embeddingDim + mechanisms);
}

/** A from N(0, 1/d), B = 0. @param random uniform in [0, 1) */
export function initializeShared(shape: LoraShape, random: () => number): Float64Array {
  const shared = new Float64Array(countShared(shape));
  const spread = 1 / Math.sqrt(shape.embeddingDim);
  for (let i = 0; i < shape.rank * shape.embeddingDim; i++) {
    // Box–Muller; 1 − random keeps the logarithm finite.
    const radius = Math.sqrt(-2 * Math.log(1 - random()));
    shared[i] = spread * radius * Math.cos(2 * Math.PI * random());
  }
  return shared;
}

/** The head with its correction. Its arrays are its state; what a step needs beside them is allocated once. */
export class MicroLora {
  readonly shape: LoraShape;
  /** A, row-major, then B, row-major. */
  readonly shared: Float64Array;
  /** W₀, m × d, row-major; null for zero. */
  readonly #baseHead: Float64Array | null;
  readonly #scale: number;
  readonly #gradient: Float64Array;
  readonly #u: Float64Array;
  /** A z_t of each part in turn. */
  #projected: Float64Array;
  #coreGradients: Float64Array[] = [];

  constructor(shape: LoraShape, shared: Float64Array, baseHead: Float64Array | null = null) {
    this.shape = shape;
    this.shared = shared;
    this.#baseHead = baseHead;
    this.#scale = shape.alpha / shape.rank;
    this.#gradient = new Float64Array(countShared(shape));
    this.#u = new Float64Array(shape.rank);
    this.#projected = new Float64Array(shape.rank * 8);
  }

  /** ln(time / baseline) that it expects. */
  predict(input: LoraInput): number {
    this.#project(input);
    return this.#answer(input);
  }

  /** u: the plan in the r directions that matter, after its pattern's cores. The array is used again by the next call. */
  project(input: Omit<LoraInput, 'mechanism'>): Float64Array {
    this.#project(input);
    return this.#u;
  }

  /** Derivatives of the prediction. The arrays are used again by the next call. */
  gradient(input: LoraInput): LoraGradient {
    this.#project(input);
    return this.#differentiate(input);
  }

  /**
   * Learns from one observation: goes where ½(ŷ − y)² + ½Σ hold·(θ − anchor)² + ½Σ Δ²/rate is least, with ŷ as linear
   * as its gradient says. That is a proximal step, which no learning rate and no weight makes unstable.
   * @returns the error before the step, ŷ − y
   */
  learn(
    input: LoraInput,
    observed: number,
    { learningRate, coreLearningRate, hold, anchor }: LoraStep,
  ): number {
    this.#project(input);
    const error = this.#answer(input) - observed;
    const { shared: g, cores } = this.#differentiate(input);
    const { shared } = this;
    const damping = 1 / learningRate;
    let pulled = error;
    let stiffness = 1;
    for (let i = 0; i < shared.length; i++) {
      const precision = damping + hold[i]!;
      pulled += (g[i]! * hold[i]! * (anchor[i]! - shared[i]!)) / precision;
      stiffness += (g[i]! * g[i]!) / precision;
    }
    for (const gradient of cores) for (const each of gradient) stiffness += each * each * coreLearningRate;
    const push = pulled / stiffness;
    for (let i = 0; i < shared.length; i++) {
      const precision = damping + hold[i]!;
      shared[i]! += (hold[i]! * (anchor[i]! - shared[i]!) - g[i]! * push) / precision;
    }
    input.parts.forEach(({ type }, t) => {
      const core = coreOf(input.cores, type, this.shape.rank);
      cores[t]!.forEach((each, i) => (core[i]! -= each * push * coreLearningRate));
    });
    return error;
  }

  /** A z_t of each part, and u. */
  #project({ parts, cores }: Omit<LoraInput, 'mechanism'>): void {
    const { rank, embeddingDim } = this.shape;
    if (this.#projected.length < parts.length * rank)
      this.#projected = new Float64Array(parts.length * rank * 2);
    const [projected, u, shared] = [this.#projected, this.#u, this.shared];
    u.fill(0);
    for (let t = 0; t < parts.length; t++) {
      const { at, value, type } = parts[t]!;
      for (let k = 0; k < rank; k++) {
        let sum = 0;
        for (let i = 0; i < at.length; i++) sum += shared[k * embeddingDim + at[i]!]! * value[i]!;
        projected[t * rank + k] = sum;
        u[k]! += sum;
      }
      const core = cores.get(type);
      if (!core) continue;
      for (let i = 0; i < core.length; i++) {
        u[Math.floor(i / rank)]! += core[i]! * projected[t * rank + (i % rank)]!;
      }
    }
  }

  #answer({ parts, mechanism }: LoraInput): number {
    const { rank, embeddingDim } = this.shape;
    const row = rank * embeddingDim + mechanism * rank;
    let answer = 0;
    for (let k = 0; k < rank; k++) answer += this.#scale * this.shared[row + k]! * this.#u[k]!;
    if (!this.#baseHead) return answer;
    for (const { at, value } of parts) {
      for (let i = 0; i < at.length; i++)
        answer += this.#baseHead[mechanism * embeddingDim + at[i]!]! * value[i]!;
    }
    return answer;
  }

  #differentiate({ parts, cores, mechanism }: LoraInput): LoraGradient {
    const { rank, embeddingDim } = this.shape;
    const [shared, g, projected] = [this.shared, this.#gradient, this.#projected];
    const row = rank * embeddingDim + mechanism * rank;
    g.fill(0);
    for (let k = 0; k < rank; k++) g[row + k] = this.#scale * this.#u[k]!;
    while (this.#coreGradients.length < parts.length) this.#coreGradients.push(new Float64Array(rank * rank));
    for (let t = 0; t < parts.length; t++) {
      const { at, value, type } = parts[t]!;
      const core = cores.get(type);
      const coreGradient = this.#coreGradients[t]!;
      for (let k = 0; k < rank; k++) {
        // Row k of A is seen through column k of I + D_t.
        let weight = shared[row + k]!;
        for (let j = 0; j < rank; j++) {
          if (core) weight += core[j * rank + k]! * shared[row + j]!;
          coreGradient[j * rank + k] = this.#scale * shared[row + j]! * projected[t * rank + k]!;
        }
        weight *= this.#scale;
        for (let i = 0; i < at.length; i++) g[k * embeddingDim + at[i]!]! += weight * value[i]!;
      }
    }
    return { shared: g, cores: this.#coreGradients.slice(0, parts.length) };
  }
}

function coreOf(cores: LoraCores, type: OperatorType, rank: number): Float64Array {
  const core = cores.get(type) ?? new Float64Array(rank * rank);
  cores.set(type, core);
  return core;
}
