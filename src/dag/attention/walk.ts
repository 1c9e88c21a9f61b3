// Walks over a plan by breadth, on buffers that are used again.
import type { DagLayout } from '../graph/index.ts';

/** Operators in the order in which a walk comes to them. */
export class PlanWalk {
  /** The first `length` are places; the walk's own start is not among them. */
  readonly places: Int32Array;
  /** Edges of the shortest way to each of `places`. */
  readonly distance: Int32Array;
  length = 0;
  readonly #layout: DagLayout;
  readonly #seen: Int32Array;
  #walk = 0;

  constructor(layout: DagLayout) {
    const count = layout.ids.length;
    this.#layout = layout;
    this.places = new Int32Array(count);
    this.distance = new Int32Array(count);
    this.#seen = new Int32Array(count);
  }

  /** Begins anew. */
  clear(): void {
    this.length = 0;
    this.#walk++;
  }

  /** Adds what `from` leads to, or comes from, within so many edges, and what no walk since `clear` came to. */
  go(direction: 'child' | 'parent', from: number, reach: number): void {
    const next = this.#layout[direction];
    const start = direction === 'child' ? this.#layout.childStart : this.#layout.parentStart;
    const { places, distance } = this;
    const [seen, walk] = [this.#seen, this.#walk];
    const first = this.length;
    seen[from] = walk;
    let place = from;
    let steps = 0;
    for (let at = first - 1; at < this.length; at++) {
      if (at >= first) {
        place = places[at]!;
        steps = distance[at]!;
      }
      if (steps === reach) return;
      for (let edge = start[place]!; edge < start[place + 1]!; edge++) {
        const other = next[edge]!;
        if (seen[other] === walk) continue;
        seen[other] = walk;
        distance[this.length] = steps + 1;
        places[this.length++] = other;
      }
    }
  }
}
