// A growing float64 column; null is kept as NaN.

/** Appends in amortised constant time; read by position. */
export class NumberColumn {
  #values = new Float64Array(1024);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(value: number | null): void {
    if (this.#length === this.#values.length) {
      const larger = new Float64Array(this.#length * 2);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#length++] = value ?? Number.NaN;
  }

  at(position: number): number {
    return this.#values[position]!;
  }
}
