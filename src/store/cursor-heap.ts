// A binary heap of cursors by their next row. The top's key may only change through `sink`.
import { isBefore } from './source-cursor.ts';
import type { SourceCursor } from './source-cursor.ts';

/** Cursors, the one with the earliest next row on top. */
export class CursorHeap {
  readonly #items: SourceCursor[] = [];

  constructor(cursors: Iterable<SourceCursor>) {
    for (const cursor of cursors) this.push(cursor);
  }

  get top(): SourceCursor | undefined {
    return this.#items[0];
  }

  /** The one that follows the top. */
  get second(): SourceCursor | null {
    const [, left, right] = this.#items;
    if (!left) return null;
    return right && isBefore(right, left) ? right : left;
  }

  push(cursor: SourceCursor): void {
    let at = this.#items.push(cursor) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(cursor, this.#items[parent]!)) break;
      this.#items[at] = this.#items[parent]!;
      at = parent;
    }
    this.#items[at] = cursor;
  }

  pop(): SourceCursor {
    const top = this.#items[0]!;
    const last = this.#items.pop()!;
    if (this.#items.length > 0) {
      this.#items[0] = last;
      this.sink();
    }
    return top;
  }

  /** Puts the top where it belongs after its next row became a later one. */
  sink(): void {
    const items = this.#items;
    const cursor = items[0]!;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && isBefore(items[child + 1]!, items[child]!)) child++;
      if (!isBefore(items[child]!, cursor)) break;
      items[at] = items[child]!;
      at = child;
    }
    items[at] = cursor;
  }
}
