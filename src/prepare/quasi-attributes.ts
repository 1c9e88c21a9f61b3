// The quasi-identifiers of a row beside its time: its name, the sizes of its machine, or none. Each gives
// a row a number, and says which rows look alike once the value is generalised.
import type * as arrow from 'apache-arrow';
import { readNullableNumbers } from '../core/index.ts';
import { coarseSize } from './coarse-size.ts';
import type { SizeLevel } from './coarse-size.ts';
import type { TreatedColumn } from './column-treatment.ts';
import { columnOf } from './column-values.ts';
import { NameTable } from './name-table.ts';
import type { ReleaseKey } from './release-key.ts';

/** Values that are no time, as the groups of a release see them. */
export interface QuasiAttributes {
  /** How far they can be generalised; level 0 is the value as it is released at best. */
  readonly levels: 1 | 2;
  /** The number of each row's value; -1 for a value that the plan has not seen. */
  idsOf(batch: arrow.RecordBatch): Int32Array;
  /** Values of one class look alike at this level. */
  classOf(id: number, level: number): number;
}

/** A kind with its time only. */
export const noAttributes: QuasiAttributes = {
  levels: 1,
  idsOf: (batch) => new Int32Array(batch.numRows),
  classOf: () => 0,
};

/** The name of a process: level 0 its hash, level 1 "other" (null). */
export class NameAttributes implements QuasiAttributes {
  readonly levels = 2;
  readonly #column: string;
  readonly #names: NameTable;
  readonly #idOfHash = new Map<bigint, number>();
  #hashes = new BigUint64Array(64);
  #isFrozen = false;

  constructor(column: string, key: ReleaseKey, hashes: BigUint64Array = new BigUint64Array(0)) {
    this.#column = column;
    this.#names = new NameTable((name) => this.#idOf(key.hash(name)));
    for (const hash of hashes) this.#idOf(hash);
  }

  idsOf(batch: arrow.RecordBatch): Int32Array {
    return this.#names.idsOf(columnOf(batch, this.#column));
  }

  classOf(id: number, level: number): number {
    return level === 0 ? id : 0;
  }

  /** Hashes by number. */
  hashes(): BigUint64Array {
    return this.#hashes.subarray(0, this.#idOfHash.size);
  }

  /** New names get -1 from now on. */
  freeze(): void {
    this.#isFrozen = true;
  }

  #idOf(hash: bigint): number {
    const known = this.#idOfHash.get(hash);
    if (known !== undefined) return known;
    if (this.#isFrozen) return -1;
    const id = this.#idOfHash.size;
    if (id === this.#hashes.length) {
      const longer = new BigUint64Array(id * 2);
      longer.set(this.#hashes);
      this.#hashes = longer;
    }
    this.#hashes[id] = hash;
    this.#idOfHash.set(hash, id);
    return id;
  }
}

/** The sizes of a machine: level 0 as sold, level 1 powers of two. A host has few of them. */
export class SizeAttributes implements QuasiAttributes {
  readonly levels = 2;
  readonly columns: readonly string[];
  readonly #ids = new Map<string, number>();
  readonly #sizes: (readonly number[])[] = [];
  readonly #classes: [Map<string, number>, Map<string, number>] = [new Map(), new Map()];

  constructor(columns: readonly TreatedColumn[], sizes: readonly (readonly (number | null)[])[] = []) {
    this.columns = columns.map(({ field }) => field.name);
    for (const tuple of sizes) this.#idOf(tuple.map((size) => size ?? Number.NaN));
  }

  idsOf(batch: arrow.RecordBatch): Int32Array {
    const columns = this.columns.map((name) => readNullableNumbers(columnOf(batch, name)));
    const ids = new Int32Array(batch.numRows);
    for (let i = 0; i < ids.length; i++) {
      const isAsBefore = i > 0 && columns.every((column) => Object.is(column[i], column[i - 1]));
      ids[i] = isAsBefore ? ids[i - 1]! : this.#idOf(columns.map((column) => column[i]!));
    }
    return ids;
  }

  classOf(id: number, level: number): number {
    const coarse = this.#sizes[id]!.map((size) => coarseSize(size, level as SizeLevel)).join();
    const classes = this.#classes[level as SizeLevel];
    const known = classes.get(coarse);
    if (known !== undefined) return known;
    classes.set(coarse, classes.size);
    return classes.size - 1;
  }

  /** The released size of a column by number. */
  sizeAt(id: number, column: number, level: SizeLevel): number {
    return coarseSize(this.#sizes[id]![column]!, level);
  }

  /** The true size of a column by number. */
  trueSizeAt(id: number, column: number): number {
    return this.#sizes[id]![column]!;
  }

  /** True sizes by number, null where missing. */
  sizes(): (number | null)[][] {
    return this.#sizes.map((tuple) => tuple.map((size) => (Number.isNaN(size) ? null : size)));
  }

  #idOf(tuple: readonly number[]): number {
    const text = tuple.join();
    const known = this.#ids.get(text);
    if (known !== undefined) return known;
    this.#ids.set(text, this.#sizes.length);
    this.#sizes.push(tuple);
    return this.#sizes.length - 1;
  }
}
