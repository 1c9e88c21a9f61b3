// Which patterns are like this one: an index of vectors under keys, by Euclidean distance, which orders unit vectors as
// their cosine does. Until it is trained, a search looks at everything; training finds lists (k-means++) and how much of
// them a search has to look at for the recall that is wanted.
import { patternOptionError, patternVectorError } from './errors.ts';
import { decodePatternIndex, encodePatternIndex } from './index-bytes.ts';
import type { IndexContent } from './index-bytes.ts';
import { findCentroids, squaredDistance } from './k-means.ts';
import { ListIndex } from './list-index.ts';
import type { SearchEffort } from './list-index.ts';
import { NearestSlots } from './nearest.ts';
import { createPatternRandom } from './random.ts';
import { tuneEffort } from './tune-effort.ts';
import { VectorSlots } from './vector-slots.ts';

/** Options of {@link PatternIndex}. */
export interface PatternIndexOptions {
  /** Length of vectors, 1–4096. @default 256 */
  readonly dims?: number;
  /** Share of the ten nearest that a search finds, above 0, at most 1. @default 0.95 */
  readonly recall?: number;
  /** Of the random numbers of training. @default 1 */
  readonly seed?: number;
}

/** A pattern that was found. */
export interface PatternMatch {
  readonly key: string;
  /** Euclidean. */
  readonly distance: number;
}

/** What training found. */
export interface PatternTraining {
  readonly lists: number;
  /** Lists a search looks at. */
  readonly probes: number;
  /** Vectors whose distance a search for ten measures. */
  readonly candidates: number;
  /** Share of the ten nearest that this found, on vectors of its own. */
  readonly recall: number;
}

/** Neighbours the recall is about. */
const NEIGHBOURS = 10;
/** Vectors that training asks for their neighbours. */
const TUNING_QUERIES = 150;
/** Vectors a list that centroids are found from. */
const SAMPLES_PER_LIST = 32;
/** Below this a scan of all is as fast. */
const LEAST_TO_TRAIN = 256;

interface Trained {
  readonly index: ListIndex;
  readonly effort: SearchEffort;
  /** Vectors there were. */
  readonly size: number;
  readonly recall: number;
}

/** An index of patterns. */
export class PatternIndex {
  readonly dims: number;
  readonly recall: number;
  readonly seed: number;
  readonly #slots: VectorSlots;
  #trained: Trained | null = null;

  /** @throws RuvectorError `ERR_DAG_PATTERN_OPTION` */
  constructor({ dims = 256, recall = 0.95, seed = 1 }: PatternIndexOptions = {}) {
    if (!Number.isInteger(dims) || dims < 1 || dims > 4096)
      throw patternOptionError('dims', dims, 'a whole number from 1 to 4096');
    if (!(recall > 0 && recall <= 1))
      throw patternOptionError('recall', recall, 'a number above 0, at most 1');
    if (!Number.isInteger(seed) || seed < 0 || seed > 0xffffffff) {
      throw patternOptionError('seed', seed, 'a whole number from 0 to 4294967295');
    }
    this.dims = dims;
    this.recall = recall;
    this.seed = seed;
    this.#slots = new VectorSlots(dims);
  }

  /** Brings back what {@link serialize} gave. @throws RuvectorError `ERR_DAG_PATTERN_STATE` */
  static restore(bytes: Uint8Array): PatternIndex {
    const { dims, recall, seed, entries, trained } = decodePatternIndex(bytes);
    const index = new PatternIndex({ dims, recall, seed });
    for (const [key, vector] of entries) index.#slots.add(key, vector);
    if (trained) {
      const { centroids, effort, size } = trained;
      // Signs and lists follow from the centroids and the seed.
      index.#trained = { ...index.#build(centroids), effort, size, recall: trained.recall };
    }
    return index;
  }

  get size(): number {
    return this.#slots.size;
  }

  /** What the last training found; null before the first. */
  get training(): PatternTraining | null {
    if (!this.#trained) return null;
    const { index, effort, recall } = this.#trained;
    return { lists: index.lists, ...effort, recall };
  }

  /** True when training pays: there are enough vectors, and half as many or twice as many as at the last one. */
  get isTrainingDue(): boolean {
    if (this.size < LEAST_TO_TRAIN) return false;
    const before = this.#trained?.size ?? 0;
    return this.size >= before * 2 || this.size * 2 <= before;
  }

  has(key: string): boolean {
    return this.#slots.find(key) !== undefined;
  }

  /** Adds a pattern, or gives one that is there another vector. @throws RuvectorError `ERR_DAG_PATTERN_VECTOR` */
  add(key: string, vector: ArrayLike<number>): void {
    this.#check(key, vector);
    this.remove(key);
    const slot = this.#slots.add(key, vector);
    this.#trained?.index.add(slot);
  }

  /** @returns false when there was none */
  remove(key: string): boolean {
    const slot = this.#slots.remove(key);
    if (slot === undefined) return false;
    this.#trained?.index.remove(slot);
    return true;
  }

  /**
   * The nearest patterns, nearest first; all of them when there are fewer than `k`, as far as the lists it looks at have them.
   * @param k 1–1000 @default 10
   * @throws RuvectorError `ERR_DAG_PATTERN_VECTOR`, `ERR_DAG_PATTERN_OPTION`
   */
  search(vector: ArrayLike<number>, k = NEIGHBOURS): PatternMatch[] {
    const query = this.#toQuery(vector, k);
    if (!this.#trained) return this.#describe(this.#scan(query, k));
    const { index, effort } = this.#trained;
    const found = index.search(query, k, effort);
    // Lists next to it may hold fewer than it asks for.
    return this.#describe(found.count < Math.min(k, this.size) ? this.#scan(query, k) : found);
  }

  /** The same by a look at every vector. */
  searchExact(vector: ArrayLike<number>, k = NEIGHBOURS): PatternMatch[] {
    return this.#describe(this.#scan(this.#toQuery(vector, k), k));
  }

  /** Finds lists, and how much a search has to look at. It takes about a second for 10,000 vectors of 256 dimensions. */
  train(): PatternTraining | null {
    this.#trained = null;
    if (this.size < LEAST_TO_TRAIN) return null;
    const random = createPatternRandom(this.seed);
    const lists = Math.round(Math.sqrt(this.size));
    const sample = this.#sample(lists * SAMPLES_PER_LIST, random);
    const values = new Float32Array(sample.length * this.dims);
    sample.forEach((slot, at) => values.set(this.#vectorOf(slot), at * this.dims));
    const rows = { values, dims: this.dims, count: sample.length };
    const { index } = this.#build(findCentroids(rows, { clusters: lists, random }));
    const { effort, recall } = tuneEffort({
      index,
      dims: this.dims,
      size: this.size,
      queries: this.#sample(TUNING_QUERIES, random),
      vectorOf: (slot) => this.#vectorOf(slot),
      scan: (vector, k) => this.#scan(vector, k),
      neighbours: NEIGHBOURS,
      recall: this.recall,
    });
    this.#trained = { index, effort, size: this.size, recall };
    return this.training;
  }

  /** Share of the k nearest that a search finds, against a scan of all. @param queries vectors to ask for */
  measureRecall(queries: readonly ArrayLike<number>[], k = NEIGHBOURS): number {
    let [found, wanted] = [0, 0];
    for (const query of queries) {
      const exact = this.searchExact(query, k);
      const farthest = exact.at(-1)?.distance ?? 0;
      // One that is as near as the last is as good as it.
      found += Math.min(
        exact.length,
        this.search(query, k).filter(({ distance }) => distance <= farthest).length,
      );
      wanted += exact.length;
    }
    return wanted === 0 ? 1 : found / wanted;
  }

  /** Everything in it, as bytes with a version. */
  serialize(): Uint8Array {
    const { dims, recall, seed } = this;
    const entries: IndexContent['entries'] = [...this.#slots.entries()].map(([key, slot]) => [
      key,
      this.#vectorOf(slot),
    ]);
    const trained = this.#trained && {
      centroids: this.#trained.index.centroids,
      effort: this.#trained.effort,
      size: this.#trained.size,
      recall: this.#trained.recall,
    };
    return encodePatternIndex({ dims, recall, seed, entries, trained });
  }

  #build(centroids: Float32Array): { index: ListIndex } {
    // Its own numbers, so that an index that is brought back has the same signs.
    return { index: new ListIndex(this.#slots, centroids, createPatternRandom(this.seed + 1)) };
  }

  #scan(vector: Float32Array, k: number): NearestSlots {
    const nearest = new NearestSlots(Math.min(k, Math.max(1, this.size)));
    const { values, slotCount } = this.#slots;
    for (let slot = 0; slot < slotCount; slot++) {
      if (this.#slots.keyOf(slot) === null) continue;
      nearest.offer(slot, squaredDistance(values, slot * this.dims, vector, 0, this.dims));
    }
    return nearest;
  }

  #describe({ slots, distances, count }: NearestSlots): PatternMatch[] {
    return Array.from({ length: count }, (_, i) => ({
      key: this.#slots.keyOf(slots[i]!)!,
      distance: Math.sqrt(distances[i]!),
    }));
  }

  #vectorOf(slot: number): Float32Array {
    return this.#slots.values.subarray(slot * this.dims, (slot + 1) * this.dims);
  }

  /** Different slots, at most `count`. */
  #sample(count: number, random: () => number): number[] {
    const slots = Array.from(this.#slots.entries(), ([, slot]) => slot);
    const taken = Math.min(count, slots.length);
    for (let i = 0; i < taken; i++) {
      const other = i + Math.floor(random() * (slots.length - i));
      [slots[i], slots[other]] = [slots[other]!, slots[i]!];
    }
    return slots.slice(0, taken);
  }

  #toQuery(vector: ArrayLike<number>, k: number): Float32Array {
    if (!Number.isInteger(k) || k < 1 || k > 1000)
      throw patternOptionError('k', k, 'a whole number from 1 to 1000');
    this.#check('query', vector);
    return Float32Array.from(vector);
  }

  #check(key: string, vector: ArrayLike<number>): void {
    if (vector.length !== this.dims) {
      throw patternVectorError(key, `it has ${vector.length} numbers`, `give it ${this.dims}`);
    }
    for (let i = 0; i < vector.length; i++) {
      // Squares of larger ones have no place in a float32 of the sums.
      if (Math.abs(vector[i]!) <= 1e18) continue;
      throw patternVectorError(key, `number ${i} is ${vector[i]}`, 'give it numbers between −1e18 and 1e18');
    }
  }
}
