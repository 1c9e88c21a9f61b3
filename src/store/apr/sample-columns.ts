// Samples in memory as columns, about 65 bytes each, newest kept up to a limit. No I/O.
import { labels, memoryFeatureFields } from '../../core/index.ts';
import type { Label, MemoryFeatures, TrainingSample } from '../../core/index.ts';

const WIDTH = memoryFeatureFields.length;

/** A list of samples that drops its oldest ones beyond a limit. */
export class SampleColumns {
  readonly #limit: number;
  #features = new Float64Array(64 * WIDTH);
  #labels = new Uint8Array(64);
  /** Position of the oldest sample kept. */
  #start = 0;
  #end = 0;

  /** @param limit most samples kept; the oldest go first */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get length(): number {
    return this.#end - this.#start;
  }

  push({ features, label }: TrainingSample): void {
    if (this.#end === this.#labels.length) this.#makeRoom();
    memoryFeatureFields.forEach(({ name }, column) => {
      this.#features[this.#end * WIDTH + column] = features[name];
    });
    this.#labels[this.#end++] = labels.indexOf(label);
    if (this.length > this.#limit) this.#start++;
  }

  /** Counts by label. */
  countByLabel(): Record<Label, number> {
    const counts = Object.fromEntries(labels.map((label) => [label, 0])) as Record<Label, number>;
    for (let at = this.#start; at < this.#end; at++) counts[labels[this.#labels[at]!]!]++;
    return counts;
  }

  /** The samples, oldest first. */
  *[Symbol.iterator](): IterableIterator<TrainingSample> {
    yield* this.from(0);
  }

  /** The samples from the `first` on. */
  *from(first: number): IterableIterator<TrainingSample> {
    for (let at = this.#start + first; at < this.#end; at++) yield this.#sample(at);
  }

  #sample(at: number): TrainingSample {
    const features = Object.fromEntries(
      memoryFeatureFields.map(({ name }, column) => [name, this.#features[at * WIDTH + column]!]),
    ) as MemoryFeatures;
    return { features, label: labels[this.#labels[at]!]! };
  }

  /** Moves what is kept to the front, into larger columns unless half of these is free. */
  #makeRoom(): void {
    const isHalfFree = this.#start > this.#labels.length / 2;
    const capacity = isHalfFree ? this.#labels.length : this.#labels.length * 2;
    const features = new Float64Array(capacity * WIDTH);
    const labelColumn = new Uint8Array(capacity);
    features.set(this.#features.subarray(this.#start * WIDTH, this.#end * WIDTH));
    labelColumn.set(this.#labels.subarray(this.#start, this.#end));
    this.#end -= this.#start;
    this.#start = 0;
    this.#features = features;
    this.#labels = labelColumn;
  }
}
