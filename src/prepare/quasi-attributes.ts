// The quasi-identifiers of a row beside its time: its name, the sizes of its machine, or none. Each gives the values
// that occur numbers, and says which of them look alike once generalised.
import type * as arrow from 'apache-arrow';
import { coarseSize } from './coarse-size.ts';
import type { SizeLevel } from './coarse-size.ts';
import { totalOfFree } from './column-treatment.ts';
import type { TreatedColumn } from './column-treatment.ts';
import { readColumn } from './polars-frame.ts';
import type { JoinColumn } from './polars-frame.ts';
import { hashText } from './release-key.ts';
import type { ReleaseKey } from './release-key.ts';

/** One value of a group and how far it is generalised; a level of null is a group that is not released. */
export interface GroupValue {
  readonly id: number;
  readonly level: number | null;
}

/** Values that are no time, as the groups of a release see them. */
export interface QuasiAttributes {
  /** How far they can be generalised; level 0 is the value as it is released at best. */
  readonly levels: 1 | 2;
  /** The number of each row's value. */
  idsOf(values: arrow.Table): Int32Array;
  /** Values of one class look alike at this level. */
  classOf(id: number, level: number): number;
  /** The values that have this number, as text: names that share a hash share it. */
  spellingsOf(id: number): readonly string[];
  /** For each group and each of its spellings the columns, and what is released of them as `released.<column>`. */
  release(groups: readonly GroupValue[]): JoinColumn[];
}

/** A kind with its time only. */
export const noAttributes: QuasiAttributes = {
  levels: 1,
  idsOf: (values) => new Int32Array(values.numRows),
  classOf: () => 0,
  spellingsOf: () => [''],
  release: () => [],
};

/** The name of a process: level 0 its hash, level 1 "other" (null). */
export class NameAttributes implements QuasiAttributes {
  readonly levels = 2;
  readonly #column: string;
  readonly #key: ReleaseKey;
  readonly #idOf = new Map<string, number>();
  readonly #idOfHash = new Map<string, number>();
  readonly #hashes: string[] = [];
  readonly #names: string[][] = [];

  constructor(column: string, key: ReleaseKey) {
    this.#column = column;
    this.#key = key;
  }

  idsOf(values: arrow.Table): Int32Array {
    const names: string[] = [...values.getChild(this.#column)!];
    return Int32Array.from(names, (name) => this.#idOf.get(name) ?? this.#add(name));
  }

  classOf(id: number, level: number): number {
    return level === 0 ? id : 0;
  }

  spellingsOf(id: number): readonly string[] {
    return this.#names[id]!;
  }

  release(groups: readonly GroupValue[]): JoinColumn[] {
    const names = groups.flatMap(({ id }) => this.#names[id]!);
    const hashes = groups.flatMap(({ id, level }) =>
      this.#names[id]!.map(() => (level === 0 ? this.#hashes[id]! : null)),
    );
    return [
      { name: this.#column, type: 'utf8', values: names },
      { name: `released.${this.#column}`, type: 'utf8', values: hashes },
    ];
  }

  #add(name: string): number {
    const hash = hashText(this.#key, name);
    const id = this.#idOfHash.get(hash) ?? this.#hashes.length;
    if (id === this.#hashes.length) {
      this.#hashes.push(hash);
      this.#names.push([]);
      this.#idOfHash.set(hash, id);
    }
    this.#names[id]!.push(name);
    this.#idOf.set(name, id);
    return id;
  }
}

/** The sizes of a machine: level 0 as sold, level 1 powers of two. A host has few of them. */
export class SizeAttributes implements QuasiAttributes {
  readonly levels = 2;
  readonly #columns: readonly string[];
  readonly #ids = new Map<string, number>();
  readonly #sizes: (readonly number[])[] = [];
  readonly #classes: [Map<string, number>, Map<string, number>] = [new Map(), new Map()];

  constructor(columns: readonly TreatedColumn[]) {
    this.#columns = columns.map(({ field }) => field.name);
  }

  idsOf(values: arrow.Table): Int32Array {
    const columns = this.#columns.map((name) => readColumn(values, name));
    return Int32Array.from({ length: values.numRows }, (_, i) =>
      this.#idOf(columns.map((column) => column[i]!)),
    );
  }

  classOf(id: number, level: number): number {
    const coarse = this.#sizes[id]!.map((size) => coarseSize(size, level as SizeLevel)).join();
    const classes = this.#classes[level as SizeLevel];
    const known = classes.get(coarse);
    if (known !== undefined) return known;
    classes.set(coarse, classes.size);
    return classes.size - 1;
  }

  spellingsOf(id: number): readonly string[] {
    return [this.#sizes[id]!.join()];
  }

  /** Also by how much a total was rounded up, as `moved.<total>`, where a free part has to move with it. */
  release(groups: readonly GroupValue[]): JoinColumn[] {
    const totals = new Set(Object.values(totalOfFree));
    return this.#columns.flatMap((name, at) => {
      const exact = groups.map(({ id }) => nullOf(this.#sizes[id]![at]!));
      const coarse = exact.map((size, i) => {
        const { level } = groups[i]!;
        return size === null || level === null ? null : coarseSize(size, level as SizeLevel);
      });
      const moved = coarse.map((size, i) => (size === null ? null : size - exact[i]!));
      const columns: JoinColumn[] = [
        { name, type: 'int64', values: exact },
        { name: `released.${name}`, type: 'int64', values: coarse },
      ];
      return totals.has(name)
        ? [...columns, { name: `moved.${name}`, type: 'int64', values: moved }]
        : columns;
    });
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

const nullOf = (size: number): number | null => (Number.isNaN(size) ? null : size);
