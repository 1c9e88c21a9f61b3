// LinUCB (Li et al. 2010): of each arm, a ridge regression of reward on circumstances, and the arm with the highest upper
// confidence bound is taken. What is believed before the first reward is a prior mean, worth one observation a feature.

interface Arm {
  /** Inverse of I + Σ x xᵀ. */
  readonly inverse: Float64Array;
  /** Prior mean + Σ reward · x. */
  readonly sum: Float64Array;
}

/** Chooses among arms by circumstances. */
export class LinearBandit<Name> {
  readonly #arms = new Map<Name, Arm>();
  readonly #width: number;
  readonly #exploration: number;

  /** @param priors mean reward by feature of each arm @param exploration standard errors that count for an arm */
  constructor(priors: ReadonlyMap<Name, Float64Array>, width: number, exploration: number) {
    this.#width = width;
    this.#exploration = exploration;
    for (const [name, prior] of priors) {
      const inverse = new Float64Array(width * width);
      for (let at = 0; at < width; at++) inverse[at * width + at] = 1;
      this.#arms.set(name, { inverse, sum: prior.slice() });
    }
  }

  /** The arm with the highest bound; of equal ones the first. @param features of the circumstances */
  choose(features: Float64Array): Name {
    let best: { readonly name: Name; readonly bound: number } | null = null;
    for (const [name, { inverse, sum }] of this.#arms) {
      const turned = multiply(inverse, features, this.#width);
      const bound = dot(turned, sum) + this.#exploration * Math.sqrt(dot(turned, features));
      if (!best || bound > best.bound) best = { name, bound };
    }
    return best!.name;
  }

  /** What an arm is expected to earn. */
  expect(name: Name, features: Float64Array): number {
    const { inverse, sum } = this.#arms.get(name)!;
    return dot(multiply(inverse, features, this.#width), sum);
  }

  /** Takes a reward. Arms that the bandit does not have teach it nothing. */
  learn(name: Name, features: Float64Array, reward: number): void {
    const arm = this.#arms.get(name);
    if (!arm) return;
    const turned = multiply(arm.inverse, features, this.#width);
    const scale = 1 / (1 + dot(turned, features));
    for (let row = 0; row < this.#width; row++) {
      for (let column = 0; column < this.#width; column++) {
        arm.inverse[row * this.#width + column]! -= scale * turned[row]! * turned[column]!;
      }
      arm.sum[row]! += reward * features[row]!;
    }
  }
}

function multiply(matrix: Float64Array, vector: Float64Array, width: number): Float64Array {
  const product = new Float64Array(width);
  for (let row = 0; row < width; row++) {
    for (let column = 0; column < width; column++) {
      product[row]! += matrix[row * width + column]! * vector[column]!;
    }
  }
  return product;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += a[at]! * b[at]!;
  return sum;
}
