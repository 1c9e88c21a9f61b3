// Events in the order of time: events of equal time stay in the order of the file. Recordings are in order or nearly
// so: runs that are in order already are found and merged, and one that is sorted costs a look.
import type { EventColumns } from '../model/index.ts';

/** True where no event is earlier than the one before it. */
export function isSorted({ t, length }: EventColumns): boolean {
  for (let i = 1; i < length; i++) if (t[i]! < t[i - 1]!) return false;
  return true;
}

/** The same events sorted by time; the columns given where they are sorted already. */
export function sortEvents(events: EventColumns): EventColumns {
  const runs = findRuns(events);
  if (runs.length <= 2) return events;
  const order = mergeRuns(events.t, runs);
  return {
    t: gather(events.t, order),
    x: gather(events.x, order),
    y: gather(events.y, order),
    p: gather(events.p, order),
    length: events.length,
  };
}

/** Where runs that are in order begin, and the end. */
function findRuns({ t, length }: EventColumns): number[] {
  const starts = [0];
  for (let i = 1; i < length; i++) if (t[i]! < t[i - 1]!) starts.push(i);
  starts.push(length);
  return starts;
}

/** Merges neighbours until one run is left. @returns the number of the event at each place */
function mergeRuns(t: BigInt64Array, runs: number[]): Uint32Array {
  const length = runs.at(-1)!;
  let order = Uint32Array.from({ length }, (_, i) => i);
  let spare = new Uint32Array(length);
  for (let starts = runs; starts.length > 2;) {
    const merged: number[] = [];
    for (let i = 0; i + 1 < starts.length; i += 2) {
      merged.push(starts[i]!);
      const middle = starts[i + 1]!;
      mergeTwo(t, order, spare, starts[i]!, middle, starts[i + 2] ?? middle);
    }
    merged.push(length);
    [order, spare] = [spare, order];
    starts = merged;
  }
  return order;
}

function mergeTwo(
  t: BigInt64Array,
  from: Uint32Array,
  to: Uint32Array,
  start: number,
  middle: number,
  end: number,
): void {
  let left = start;
  let right = middle;
  for (let at = start; at < end; at++) {
    const isLeft = left < middle && (right >= end || t[from[left]!]! <= t[from[right]!]!);
    to[at] = isLeft ? from[left++]! : from[right++]!;
  }
}

interface Column {
  readonly constructor: unknown;
  [index: number]: number | bigint;
}

function gather<T extends Column>(column: T, order: Uint32Array): T {
  const sorted = new (column.constructor as new (length: number) => T)(order.length);
  for (let i = 0; i < order.length; i++) sorted[i] = column[order[i]!]!;
  return sorted;
}
