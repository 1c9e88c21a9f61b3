// Numbers pairs of numbers 0, 1, 2, … in the order they come: a hash table in typed arrays (open
// addressing, linear probing), 40 bytes a pair. A Map keyed by text is ten times slower.

/** A set of pairs of integers below 2^53. */
export class PairTable {
  #first = new Float64Array(64);
  #second = new Float64Array(64);
  #slots = new Int32Array(256).fill(-1);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  firstAt(index: number): number {
    return this.#first[index]!;
  }

  secondAt(index: number): number {
    return this.#second[index]!;
  }

  /** The number of a pair, which is the next one if it is new. */
  add(first: number, second: number): number {
    const slot = this.#slotOf(first, second);
    const known = this.#slots[slot]!;
    if (known >= 0) return known;
    if (this.#size === this.#first.length) this.#growPairs();
    this.#first[this.#size] = first;
    this.#second[this.#size] = second;
    this.#slots[slot] = this.#size;
    this.#size++;
    if (this.#size * 2 > this.#slots.length) this.#growSlots();
    return this.#size - 1;
  }

  #slotOf(first: number, second: number): number {
    const mask = this.#slots.length - 1;
    let slot = mix(first, second) & mask;
    for (;;) {
      const index = this.#slots[slot]!;
      if (index < 0 || (this.#first[index] === first && this.#second[index] === second)) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #growPairs(): void {
    this.#first = growTo(this.#first, this.#size * 2);
    this.#second = growTo(this.#second, this.#size * 2);
  }

  #growSlots(): void {
    this.#slots = new Int32Array(this.#slots.length * 2).fill(-1);
    for (let i = 0; i < this.#size; i++) this.#slots[this.#slotOf(this.#first[i]!, this.#second[i]!)] = i;
  }
}

/** A longer copy; what is new is 0. */
export function growTo(values: Float64Array, length: number): Float64Array<ArrayBuffer> {
  const longer = new Float64Array(length);
  longer.set(values);
  return longer;
}

/** Mixes all bits of both numbers into 32 (the finalizer of MurmurHash3). */
function mix(first: number, second: number): number {
  let hash = Math.imul(first | 0, 0x85ebca6b) ^ Math.imul((first / 2 ** 32) | 0, 0xc2b2ae35);
  hash = Math.imul(hash ^ (second | 0), 0x27d4eb2f) ^ Math.imul((second / 2 ** 32) | 0, 0x165667b1);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
