// Vectors by slot, in one array that grows, and which key has which slot.

/** Vectors of one length under keys. */
export class VectorSlots {
  readonly dims: number;
  values: Float32Array;
  readonly #slotOf = new Map<string, number>();
  readonly #keys: (string | null)[] = [];
  readonly #free: number[] = [];

  constructor(dims: number) {
    this.dims = dims;
    this.values = new Float32Array(dims * 16);
  }

  get size(): number {
    return this.#slotOf.size;
  }

  /** Slots there are, those that are free among them. */
  get slotCount(): number {
    return this.#keys.length;
  }

  find(key: string): number | undefined {
    return this.#slotOf.get(key);
  }

  keyOf(slot: number): string | null {
    return this.#keys[slot] ?? null;
  }

  /** Keys with their slots, in the order in which they came. */
  entries(): IterableIterator<[string, number]> {
    return this.#slotOf.entries();
  }

  add(key: string, vector: ArrayLike<number>): number {
    const slot = this.#free.pop() ?? this.#keys.length;
    this.#keys[slot] = key;
    this.#slotOf.set(key, slot);
    if ((slot + 1) * this.dims > this.values.length) {
      const larger = new Float32Array(this.values.length * 2);
      larger.set(this.values);
      this.values = larger;
    }
    this.values.set(vector, slot * this.dims);
    return slot;
  }

  remove(key: string): number | undefined {
    const slot = this.#slotOf.get(key);
    if (slot === undefined) return undefined;
    this.#slotOf.delete(key);
    this.#keys[slot] = null;
    this.#free.push(slot);
    return slot;
  }
}
