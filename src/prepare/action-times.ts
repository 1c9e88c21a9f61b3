// Which rows an action of the optimizer reaches: their labels say what happened with it, not what would have.

/** A row at t is acted on by an action in (t - effectMs, t + horizonMs]. */
export interface ActionReach {
  /** How far the label looks ahead. */
  readonly horizonMs: number;
  /** How long an action still shows: in the rates of the row, and in what follows it. */
  readonly effectMs: number;
}

/** True when an action reaches the row at `timeMs`. */
export function isActedOn(timeMs: number, actionMs: number, { horizonMs, effectMs }: ActionReach): boolean {
  return actionMs > timeMs - effectMs && actionMs <= timeMs + horizonMs;
}

/** Times of real actions (not dry runs). */
export class ActionTimes {
  readonly #times: Float64Array;

  constructor(times: Iterable<number> = []) {
    this.#times = Float64Array.from(times).sort();
  }

  /** The last action strictly before: one decided from a snapshot is stamped with its time or later. Null when there is none. */
  lastBefore(timeMs: number): number | null {
    const at = this.#firstFrom(timeMs, true);
    return at === 0 ? null : this.#times[at - 1]!;
  }

  /** True when any action reaches the row at `timeMs`. */
  reach(timeMs: number, reach: ActionReach): boolean {
    const first = this.#times[this.#firstFrom(timeMs - reach.effectMs, false)];
    return first !== undefined && isActedOn(timeMs, first, reach);
  }

  /** Position of the first action at (if `isInclusive`) or after a time. */
  #firstFrom(timeMs: number, isInclusive: boolean): number {
    let [low, high] = [0, this.#times.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const time = this.#times[middle]!;
      if (time < timeMs || (!isInclusive && time === timeMs)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
