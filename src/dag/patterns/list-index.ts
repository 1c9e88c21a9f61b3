// Vectors in lists, each around a centroid, with the signs of what is between both. A search looks at the lists next to it,
// guesses each distance from signs and lengths, and measures only the best guesses:
//   ‖q − x‖² = ‖q − c‖² + ‖x − c‖² − 2‖q − c‖‖x − c‖ cos(angle), the angle from the bits that differ.
import { findNearestCentroid, squaredDistance } from './k-means.ts';
import { NearestSlots, selectSmallest } from './nearest.ts';
import { buildCosines, countDifferent, SignRotation } from './sign-code.ts';
import type { VectorSlots } from './vector-slots.ts';

/** How much a search looks at. */
export interface SearchEffort {
  /** Lists. */
  readonly probes: number;
  /** Vectors whose distance is measured, for each of ten that are asked for. */
  readonly candidates: number;
}

/** What a query is compared with: its lists in order of distance, and its code in each. */
interface PreparedQuery {
  readonly query: Float32Array;
  /** Lists, nearest first. */
  readonly order: Int32Array;
  /** Squared distance to each list's centroid. */
  readonly squares: Float64Array;
  readonly rotated: Float64Array;
}

/** Lists of vectors. */
export class ListIndex {
  readonly centroids: Float32Array;
  readonly lists: number;
  readonly #slots: VectorSlots;
  readonly #dims: number;
  readonly #rotation: SignRotation;
  readonly #rotatedCentroids: Float64Array;
  readonly #cosines: Float64Array;
  /** Slots of each list. */
  readonly #members: number[][];
  /** List of each slot and its place in there. */
  #listOf = new Int32Array(0);
  #placeOf = new Int32Array(0);
  #codes = new Int32Array(0);
  /** Distance of each slot's vector to its centroid. */
  #radii = new Float64Array(0);
  #guesses = new Float64Array(0);
  #guessed = new Int32Array(0);
  #selected = new Float64Array(0);
  readonly #rotated: Float64Array;
  readonly #queryCode: Int32Array;

  constructor(slots: VectorSlots, centroids: Float32Array, random: () => number) {
    this.#slots = slots;
    this.#dims = slots.dims;
    this.centroids = centroids;
    this.lists = centroids.length / slots.dims;
    this.#rotation = new SignRotation(slots.dims, random);
    const { bits, words } = this.#rotation;
    this.#cosines = buildCosines(bits);
    this.#rotated = new Float64Array(bits);
    this.#queryCode = new Int32Array(words);
    this.#rotatedCentroids = new Float64Array(this.lists * bits);
    for (let list = 0; list < this.lists; list++) {
      this.#rotation.rotate(centroids, list * this.#dims, this.#dims, this.#rotated);
      this.#rotatedCentroids.set(this.#rotated, list * bits);
    }
    this.#members = Array.from({ length: this.lists }, () => []);
    for (const [, slot] of slots.entries()) this.add(slot);
  }

  /** Puts the vector of a slot into its list. */
  add(slot: number): void {
    this.#makeRoom(slot + 1);
    const { values } = this.#slots;
    const [dims, { bits, words }] = [this.#dims, this.#rotation];
    const list = findNearestCentroid(this.centroids, dims, values, slot * dims);
    const members = this.#members[list]!;
    this.#listOf[slot] = list;
    this.#placeOf[slot] = members.length;
    members.push(slot);
    this.#radii[slot] = Math.sqrt(squaredDistance(this.centroids, list * dims, values, slot * dims, dims));
    this.#rotation.rotate(values, slot * dims, dims, this.#rotated);
    this.#rotation.encode(this.#rotated, this.#rotatedCentroids, list * bits, this.#codes, slot * words);
  }

  /** Takes a slot out of its list. */
  remove(slot: number): void {
    const members = this.#members[this.#listOf[slot]!]!;
    const last = members.pop()!;
    if (last === slot) return;
    members[this.#placeOf[slot]!] = last;
    this.#placeOf[last] = this.#placeOf[slot]!;
  }

  /** The k nearest of what the effort allows to look at. */
  search(query: Float32Array, k: number, { probes, candidates }: SearchEffort): NearestSlots {
    const prepared = this.#prepare(query);
    const looked = this.#guess(prepared, probes);
    const wanted = Math.min(looked, Math.max(k, Math.ceil((candidates * k) / 10)));
    const nearest = new NearestSlots(k);
    if (wanted === 0) return nearest;
    this.#selected.set(this.#guesses.subarray(0, looked));
    const limit = wanted === looked ? Infinity : selectSmallest(this.#selected, looked, wanted);
    const { values, dims } = this.#slots;
    const guesses = this.#guesses;
    const guessed = this.#guessed;
    for (let i = 0; i < looked; i++) {
      if (guesses[i]! > limit) continue;
      const slot = guessed[i]!;
      nearest.offer(slot, squaredDistance(values, slot * dims, query, 0, dims));
    }
    return nearest;
  }

  /**
   * How far a search must look to find one vector: for each of `wanted`, the place of its list, and how many others have a
   * better guess, by how many lists are looked at. `skipped` is not counted.
   */
  traceRanks(
    query: Float32Array,
    wanted: Int32Array,
    skipped: number,
  ): { list: number; better: Int32Array }[] {
    const prepared = this.#prepare(query);
    const looked = this.#guess(prepared, this.lists);
    const rankOf = new Int32Array(this.lists);
    prepared.order.forEach((list, rank) => (rankOf[list] = rank));
    const guessOf = new Map<number, number>();
    for (let i = 0; i < looked; i++) guessOf.set(this.#guessed[i]!, this.#guesses[i]!);
    return Array.from(wanted, (slot) => {
      const own = guessOf.get(slot)!;
      const better = new Int32Array(this.lists);
      for (let i = 0; i < looked; i++) {
        const other = this.#guessed[i]!;
        if (this.#guesses[i]! < own && other !== skipped) better[rankOf[this.#listOf[other]!]!]!++;
      }
      for (let rank = 1; rank < better.length; rank++) better[rank]! += better[rank - 1]!;
      return { list: rankOf[this.#listOf[slot]!]!, better };
    });
  }

  #prepare(query: Float32Array): PreparedQuery {
    const squares = new Float64Array(this.lists);
    for (let list = 0; list < this.lists; list++) {
      squares[list] = squaredDistance(this.centroids, list * this.#dims, query, 0, this.#dims);
    }
    const order = Int32Array.from(squares.keys()).sort((a, b) => squares[a]! - squares[b]! || a - b);
    this.#rotation.rotate(query, 0, this.#dims, this.#rotated);
    return { query, order, squares, rotated: this.#rotated };
  }

  /** Guesses squared distances of all vectors in the nearest lists. @returns how many there are */
  #guess({ order, squares, rotated }: PreparedQuery, probes: number): number {
    const { bits, words } = this.#rotation;
    const codes = this.#codes;
    const cosines = this.#cosines;
    const radii = this.#radii;
    const queryCode = this.#queryCode;
    const guessed = this.#guessed;
    const guesses = this.#guesses;
    let looked = 0;
    for (let rank = 0; rank < Math.min(probes, this.lists); rank++) {
      const list = order[rank]!;
      const square = squares[list]!;
      const twice = 2 * Math.sqrt(square);
      this.#rotation.encode(rotated, this.#rotatedCentroids, list * bits, queryCode, 0);
      for (const slot of this.#members[list]!) {
        const different = countDifferent(codes, slot * words, queryCode, 0, words);
        const radius = radii[slot]!;
        guessed[looked] = slot;
        guesses[looked++] = square + radius * (radius - twice * cosines[different]!);
      }
    }
    return looked;
  }

  #makeRoom(slots: number): void {
    const had = this.#listOf.length;
    if (slots <= had) return;
    const size = Math.max(slots, had * 2, 64);
    const grow = <Array extends Int32Array | Float64Array>(old: Array, larger: Array): Array => {
      larger.set(old);
      return larger;
    };
    this.#listOf = grow(this.#listOf, new Int32Array(size));
    this.#placeOf = grow(this.#placeOf, new Int32Array(size));
    this.#codes = grow(this.#codes, new Int32Array(size * this.#rotation.words));
    this.#radii = grow(this.#radii, new Float64Array(size));
    this.#guesses = new Float64Array(size);
    this.#guessed = new Int32Array(size);
    this.#selected = new Float64Array(size);
  }
}
