// Runs that wait to be learned from, in a ring of fixed size: the oldest makes room.

/** A ring of fixed size. */
export class TrajectoryBuffer<Item> {
  /** Grows to its capacity: most engines never fill it. */
  readonly #items: Item[] = [];
  readonly #capacity: number;
  #start = 0;
  #length = 0;
  #dropped = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get length(): number {
    return this.#length;
  }

  /** Items that made room unread. */
  get dropped(): number {
    return this.#dropped;
  }

  push(item: Item): void {
    if (this.#length === this.#capacity) {
      this.#start = (this.#start + 1) % this.#capacity;
      this.#length--;
      this.#dropped++;
    }
    this.#items[(this.#start + this.#length) % this.#capacity] = item;
    this.#length++;
  }

  /** Everything in it, oldest first; it stays. */
  list(): Item[] {
    return Array.from({ length: this.#length }, (_, i) => this.#items[(this.#start + i) % this.#capacity]!);
  }

  /** Everything in it, oldest first; it is empty then. */
  takeAll(): Item[] {
    const taken = this.list();
    this.#items.length = 0;
    this.#start = 0;
    this.#length = 0;
    return taken;
  }
}
