// Counters that begin anew within a boot: what the optimizer counts of itself begins with the optimizer, what a
// cgroup counts with the cgroup. A fall is a restart of the one who counts, never a reboot.

/** Sums the increases of such a counter, so that the sum never falls. Each increase follows from two neighbours. */
export class RestartingCounter {
  #last: number | null | undefined;
  #total = 0;

  /**
   * Takes the next value, null where nobody counts.
   * @returns the sum so far. A counter that fell, or that was null before, counted from 0 since the row before.
   */
  add(value: number | null): number {
    if (value !== null && this.#last !== undefined) {
      const isSame = this.#last !== null && value >= this.#last;
      this.#total += isSame ? value - this.#last! : Math.max(0, value);
    }
    this.#last = value;
    return this.#total;
  }

  /** The same for a counter that somebody always counts: null is a value that could not be read, not a restart. */
  addOrHold(value: number | null): number {
    return value === null ? this.#total : this.add(value);
  }
}
