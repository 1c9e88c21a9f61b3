// The k nearest so far, and the smallest of many numbers.

/** Slots with the smallest distances, in order. */
export class NearestSlots {
  readonly slots: Int32Array;
  readonly distances: Float64Array;
  count = 0;

  constructor(k: number) {
    this.slots = new Int32Array(k);
    this.distances = new Float64Array(k);
  }

  /** What a distance must be below to get in. */
  get limit(): number {
    return this.count < this.slots.length ? Infinity : this.distances[this.count - 1]!;
  }

  offer(slot: number, distance: number): void {
    if (distance >= this.limit) return;
    if (this.count < this.slots.length) this.count++;
    let at = this.count - 1;
    for (; at > 0 && this.distances[at - 1]! > distance; at--) {
      this.distances[at] = this.distances[at - 1]!;
      this.slots[at] = this.slots[at - 1]!;
    }
    this.distances[at] = distance;
    this.slots[at] = slot;
  }
}

/**
 * The number that `rank` of the first `count` are below or equal to, from 1 on (Hoare's selection). The numbers change places.
 */
export function selectSmallest(numbers: Float64Array, count: number, rank: number): number {
  let [low, high] = [0, count - 1];
  const wanted = rank - 1;
  while (low < high) {
    const pivot = numbers[(low + high) >> 1]!;
    let [i, j] = [low, high];
    while (i <= j) {
      while (numbers[i]! < pivot) i++;
      while (numbers[j]! > pivot) j--;
      if (i > j) break;
      const held = numbers[i]!;
      numbers[i++] = numbers[j]!;
      numbers[j--] = held;
    }
    if (wanted <= j) high = j;
    else if (wanted >= i) low = i;
    else break;
  }
  return numbers[wanted]!;
}
