// A set of sequence numbers that mostly follow each other, kept as stretches. Pure.

/** Both ends are in it. */
export interface Stretch {
  first: number;
  last: number;
}

/** Which numbers there are. */
export class SequenceRanges {
  /** In order, apart by at least one number. */
  readonly #stretches: Stretch[] = [];

  get stretches(): readonly Readonly<Stretch>[] {
    return this.#stretches;
  }

  /** Numbers between the first and the last that are not in it. */
  get missing(): number {
    return this.#stretches.reduce((sum, { first }, i) => {
      const before = this.#stretches[i - 1];
      return before ? sum + first - before.last - 1 : sum;
    }, 0);
  }

  has(number: number): boolean {
    const stretch = this.#stretches[this.#indexOf(number)];
    return stretch !== undefined && stretch.first <= number;
  }

  add(first: number, last: number = first): void {
    const from = this.#indexOf(first - 1);
    let to = from;
    const joined = { first, last };
    while (to < this.#stretches.length && this.#stretches[to]!.first <= last + 1) {
      joined.first = Math.min(joined.first, this.#stretches[to]!.first);
      joined.last = Math.max(joined.last, this.#stretches[to]!.last);
      to++;
    }
    this.#stretches.splice(from, to - from, joined);
  }

  /** Index of the first stretch that ends at the number or behind it. */
  #indexOf(number: number): number {
    let low = 0;
    let high = this.#stretches.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#stretches[middle]!.last < number) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
