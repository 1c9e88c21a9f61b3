// Groups of rows with the same quasi-identifiers, and what must be done so that each has k rows: a ladder
// of ever coarser values (local recoding, Samarati & Sweeney 1998), then suppression. A decision is
// made for whole groups, so memory grows with the groups and never with the rows.
import { PairTable, growTo } from './pair-table.ts';
import type { QuasiAttributes } from './quasi-attributes.ts';
import { floorTime } from './time-levels.ts';
import type { TimeLevel } from './time-levels.ts';

/** How far a group is generalised. */
export interface Rung {
  readonly time: TimeLevel;
  readonly attribute: number;
}

/** The rung of a group whose rows are not released. */
export const SUPPRESSED = 255;

/** Groups of a part of a table. A bucket is a time over the precision, rounded down. */
export interface CountedGroups {
  readonly buckets: Float64Array;
  readonly ids: Int32Array;
  readonly rows: Float64Array;
  readonly firstMs: Float64Array;
  readonly lastMs: Float64Array;
}

/** Counts rows by time and attributes, both as exact as they can be released. */
export class QuasiGroups {
  readonly precisionMs: number;
  readonly #groups = new PairTable();
  #counts = new Float64Array(64);
  #firstMs = Number.POSITIVE_INFINITY;
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor(precisionMs: number) {
    this.precisionMs = precisionMs;
  }

  add(counted: CountedGroups): void {
    for (let i = 0; i < counted.rows.length; i++) {
      const group = this.#groups.add(counted.buckets[i]!, counted.ids[i]!);
      if (group >= this.#counts.length) this.#counts = growTo(this.#counts, group * 2);
      this.#counts[group]! += counted.rows[i]!;
      this.#firstMs = Math.min(this.#firstMs, counted.firstMs[i]!);
      this.#lastMs = Math.max(this.#lastMs, counted.lastMs[i]!);
    }
  }

  /** Rows counted so far. */
  get rows(): number {
    return this.#counts.reduce((sum, rows) => sum + rows, 0);
  }

  /** First and last time, as `[NaN, NaN]` without rows. */
  range(): [number, number] {
    return this.#groups.size === 0 ? [Number.NaN, Number.NaN] : [this.#firstMs, this.#lastMs];
  }

  /** Decides for every group; the first rung on which k rows look alike is taken. */
  decide(rungs: readonly Rung[], attributes: QuasiAttributes, k: number): GroupDecision {
    const { size } = this.#groups;
    const rungOf = new Uint8Array(size).fill(SUPPRESSED);
    const tally = { released: 0, classes: 0, smallest: Number.POSITIVE_INFINITY, rows: rungs.map(() => 0) };
    rungs.forEach((rung, at) => {
      const { classOf, sums } = this.#classes(rung, attributes, rungOf);
      for (let group = 0; group < size; group++) {
        if (classOf[group]! < 0 || sums[classOf[group]!]! < k) continue;
        rungOf[group] = at;
        tally.rows[at]! += this.#counts[group]!;
        tally.released += this.#counts[group]!;
      }
      for (const sum of sums) {
        if (sum < k) continue;
        tally.classes++;
        tally.smallest = Math.min(tally.smallest, sum);
      }
    });
    return {
      rungs,
      rungOf,
      rows: this.rows,
      releasedRows: tally.released,
      rowsByRung: tally.rows,
      classes: tally.classes,
      smallestClass: tally.classes === 0 ? null : tally.smallest,
      groups: this.#groups,
    };
  }

  /** The class of each group that is still open (-1 for the others) and the rows of each class. */
  #classes(
    rung: Rung,
    attributes: QuasiAttributes,
    rungOf: Uint8Array,
  ): { classOf: Int32Array; sums: Float64Array } {
    const classes = new PairTable();
    const classOf = new Int32Array(rungOf.length).fill(-1);
    const sums = new Float64Array(rungOf.length);
    for (let group = 0; group < rungOf.length; group++) {
      if (rungOf[group] !== SUPPRESSED) continue;
      const time = floorTime(this.#groups.firstAt(group) * this.precisionMs, rung.time);
      const attribute = attributes.classOf(this.#groups.secondAt(group), rung.attribute);
      const found = classes.add(time, attribute);
      classOf[group] = found;
      sums[found]! += this.#counts[group]!;
    }
    return { classOf, sums: sums.subarray(0, classes.size) };
  }
}

/** What becomes of every group. */
export interface GroupDecision {
  readonly rungs: readonly Rung[];
  /** Rung by group, or `SUPPRESSED`. */
  readonly rungOf: Uint8Array;
  readonly groups: PairTable;
  readonly rows: number;
  readonly releasedRows: number;
  readonly rowsByRung: readonly number[];
  /** Groups of the release and the rows of the smallest one; null without rows. */
  readonly classes: number;
  readonly smallestClass: number | null;
}

/**
 * The ladder: names and sizes stay as exact as possible for an hour and a day, then give way; only then
 * does the time become a week, and the whole range.
 */
export function buildLadder(times: readonly TimeLevel[], attributeLevels: number): Rung[] {
  const coarsest = attributeLevels - 1;
  const exact = attributeLevels > 1 ? times.slice(0, 2).map((time) => ({ time, attribute: 0 })) : [];
  return [...exact, ...times.map((time) => ({ time, attribute: coarsest }))];
}
