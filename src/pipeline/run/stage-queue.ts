// What waits in front of a stage: bounded by batches and by bytes. Nobody waits here: who puts asks for room first and
// is told when there is some.
import type { Item } from './item.ts';

/** Bounds of a queue. */
export interface QueueBounds {
  readonly batches: number;
  readonly bytes: number;
}

/** A bounded queue between two stages. */
export class StageQueue {
  readonly #bounds: QueueBounds;
  #items: Item[] = [];
  #bytes = 0;
  /** Told of each new batch: the stage behind. */
  onItem: () => void = () => undefined;
  /** Told of each batch that was taken: the stage in front. */
  onRoom: () => void = () => undefined;

  constructor(bounds: QueueBounds) {
    this.#bounds = bounds;
  }

  get length(): number {
    return this.#items.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** How many batches it takes on. */
  get freeBatches(): number {
    return this.#bounds.batches - this.#items.length;
  }

  get isFull(): boolean {
    return this.freeBatches <= 0 || this.#bytes >= this.#bounds.bytes;
  }

  /** One batch may always wait, whatever its size. */
  hasRoomFor(bytes: number): boolean {
    if (this.#items.length === 0) return true;
    return this.freeBatches > 0 && this.#bytes + bytes <= this.#bounds.bytes;
  }

  put(item: Item): void {
    this.#items.push(item);
    this.#bytes += item.bytes;
    this.onItem();
  }

  take(): Item {
    const item = this.#items.shift()!;
    this.#bytes -= item.bytes;
    this.onRoom();
    return item;
  }

  clear(): void {
    this.#items = [];
    this.#bytes = 0;
  }
}
