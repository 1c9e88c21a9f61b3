// The feature rows of the last while, from which windows are made: for training sets and for live decisions alike, so
// that both see the same bits. A ring of bounded length; a gap in the history empties it.
import type { FeatureWindow } from '../core/index.ts';

const SMALLEST_CAPACITY = 64;

/** Rows of a trail, by their positions. */
interface TrailMark {
  readonly first: number;
  readonly end: number;
}

/**
 * Keeps feature rows in time order. The row of a step is the one whose time is nearest to `everyMs` times its age before
 * the newest, the newer one of two that are as near; where the rows do not reach back that far, the oldest there is.
 */
export class FeatureTrail {
  readonly #width: number;
  readonly #spanMs: number;
  // A position modulo the capacity, a power of two, is the slot.
  #times = new Float64Array(SMALLEST_CAPACITY);
  #rows: Float32Array;
  #first = 0;
  #end = 0;

  /** @param spanMs how far back windows may reach */
  constructor(width: number, spanMs: number) {
    this.#width = width;
    this.#spanMs = spanMs;
    this.#rows = new Float32Array(SMALLEST_CAPACITY * width);
  }

  /** The rows there are now: what {@link write} takes to see no later ones. */
  mark(): TrailMark {
    return { first: this.#first, end: this.#end };
  }

  /** Nothing before the next row is looked at again. */
  restart(): void {
    this.#first = this.#end;
  }

  /** Takes the next row, newer than those before it. */
  push(timeMs: number, row: Float32Array): void {
    if (this.#end - this.#first === this.#times.length) this.#grow();
    const slot = this.#slotOf(this.#end++);
    this.#times[slot] = timeMs;
    this.#rows.set(row, slot * this.#width);
    // One row as old as the span stays: a step may lie between it and the next.
    while (this.#first + 1 < this.#end && this.#timeAt(this.#first + 1) <= timeMs - this.#spanMs)
      this.#first++;
  }

  /** Writes the window that ends with the newest row, oldest row first. */
  write(window: FeatureWindow, target: Float32Array, offset: number, { first, end } = this.mark()): void {
    const nowMs = this.#timeAt(end - 1);
    let at = end - 1;
    for (let age = 0; age < window.steps; age++) {
      const wantedMs = nowMs - age * window.everyMs;
      while (at > first && this.#distance(at - 1, wantedMs) < this.#distance(at, wantedMs)) at--;
      const from = this.#slotOf(at) * this.#width;
      const to = offset + (window.steps - 1 - age) * this.#width;
      for (let i = 0; i < this.#width; i++) target[to + i] = this.#rows[from + i]!;
    }
  }

  #distance(position: number, timeMs: number): number {
    return Math.abs(this.#timeAt(position) - timeMs);
  }

  #timeAt(position: number): number {
    return this.#times[this.#slotOf(position)]!;
  }

  #slotOf(position: number): number {
    return position & (this.#times.length - 1);
  }

  #grow(): void {
    const [times, rows, width] = [this.#times, this.#rows, this.#width];
    this.#times = new Float64Array(times.length * 2);
    this.#rows = new Float32Array(rows.length * 2);
    for (let at = this.#first; at < this.#end; at++) {
      const [from, to] = [at & (times.length - 1), this.#slotOf(at)];
      this.#times[to] = times[from]!;
      this.#rows.set(rows.subarray(from * width, (from + 1) * width), to * width);
    }
  }
}
