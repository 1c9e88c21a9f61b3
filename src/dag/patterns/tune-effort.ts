// How much a search has to look at to find what it should: measured on the index's own vectors, each as a query that does not
// count itself, against a scan of all.
import type { ListIndex, SearchEffort } from './list-index.ts';
import type { NearestSlots } from './nearest.ts';

/** What {@link tuneEffort} works with. */
export interface TuningTask {
  readonly index: ListIndex;
  readonly dims: number;
  /** Vectors in the index. */
  readonly size: number;
  /** Slots whose vectors serve as queries. */
  readonly queries: readonly number[];
  readonly vectorOf: (slot: number) => Float32Array;
  /** Nearest neighbours by a scan of all. */
  readonly scan: (vector: Float32Array, k: number) => NearestSlots;
  readonly neighbours: number;
  /** Share of neighbours that are to be found. */
  readonly recall: number;
}

/** The effort to take, and what it found of the neighbours. */
export interface TunedEffort {
  readonly effort: SearchEffort;
  readonly recall: number;
}

/** Multiplications that guessing one distance is worth. Measured: 512 bits take about as long as 24 of them. */
const GUESS_COST = 24;
/** What is measured on few queries must be better than what is promised for all. */
const MARGIN = 0.02;

/** Finds the cheapest effort that reaches the recall; everything, when none does. */
export function tuneEffort(task: TuningTask): TunedEffort {
  const { index, dims, size, recall } = task;
  const traces = traceNeighbours(task);
  const everything = { effort: { probes: index.lists, candidates: size }, recall: 1 };
  let best: TunedEffort = everything;
  let least = size * dims;
  for (const probes of growing(1, index.lists)) {
    const looked = (size * probes) / index.lists;
    for (const candidates of growing(10, size)) {
      const cost = index.lists * dims + looked * GUESS_COST + Math.min(candidates, looked) * dims;
      if (cost >= least) break;
      const found = countFound(traces, probes, candidates) / (traces.length || 1);
      if (found < Math.min(1, recall + MARGIN)) continue;
      best = { effort: { probes, candidates }, recall: found };
      least = cost;
    }
  }
  return best;
}

/** From a number to another in steps of about a quarter, both among them. */
function growing(from: number, to: number): number[] {
  const numbers: number[] = [];
  for (let number = from; number < to; number = Math.ceil(number * 1.25)) numbers.push(number);
  return [...numbers, to];
}

function traceNeighbours({
  index,
  queries,
  vectorOf,
  scan,
  neighbours,
}: TuningTask): { list: number; better: Int32Array }[] {
  return queries.flatMap((query) => {
    const vector = vectorOf(query);
    const nearest = scan(vector, neighbours * 2);
    // One that is equal to it is found whatever the effort.
    const others = nearest.slots
      .subarray(0, nearest.count)
      .filter((slot, rank) => slot !== query && nearest.distances[rank]! > 0)
      .subarray(0, neighbours);
    return index.traceRanks(vector, others, query);
  });
}

function countFound(
  traces: readonly { readonly list: number; readonly better: Int32Array }[],
  probes: number,
  candidates: number,
): number {
  let found = 0;
  for (const { list, better } of traces) if (list < probes && better[probes - 1]! < candidates) found++;
  return found;
}
