// What the operators of a plan can take, in one unit: rows of the sources a second. An operator that takes µ rows a
// second and sees σ rows for each row of a source can bear µ / σ of them. Where nobody said how many rows an operator
// passes on or takes a second, both follow from the rows and times that were measured; what stays unknown limits nothing.
import { OperatorType } from '../graph/index.ts';
import type { DagLayout, OperatorFacts, OperatorType as Type, QueryDag } from '../graph/index.ts';
import { disconnectedOperatorError, emptyDagError } from './errors.ts';

/**
 * How records pass a plan: `conjunctive` when each visits every branch (a join needs all its inputs, a copy goes to every
 * output), `routed` when each takes one of several ways (shards, replicas, alternative sinks).
 */
export type FlowKind = 'conjunctive' | 'routed';

/** Rates of a plan, by place in its layout. */
export interface PlanRates {
  readonly layout: DagLayout;
  readonly kind: FlowKind;
  /** Rows a second that an operator can take; infinite when unknown. */
  readonly ownRate: Float64Array;
  /** Rows an operator takes for each row of the sources; where ways differ, the most. */
  readonly visits: Float64Array;
  /** The same, where ways differ, the least. */
  readonly leastVisits: Float64Array;
  /** Rows an operator gives for each row it takes. */
  readonly selectivity: Float64Array;
  /** Rows a second that the sources bring, as far as it is known. */
  readonly offeredRate: number | null;
  /** Times of the operators, in any one unit; empty when unknown. */
  readonly times: Float64Array;
}

const joins: ReadonlySet<Type> = new Set<Type>([
  OperatorType.NestedLoopJoin,
  OperatorType.HashJoin,
  OperatorType.MergeJoin,
]);

/** Facts as columns by place, NaN for what is unknown. */
type Columns = Readonly<Record<Exclude<keyof OperatorFacts, 'rowBytes'>, Float64Array>>;

/** How records pass the graphs that were found to be in one part: it hangs on operators and edges only. */
const recognized = new WeakMap<DagLayout, FlowKind>();

/**
 * Puts the rates of a plan into one unit.
 * @param kind how records pass it; recognised from the operators when it is left out
 * @throws RuvectorError `ERR_DAG_CUT_GRAPH` for a graph without operators or in several parts
 */
export function findPlanRates(dag: QueryDag, kind?: FlowKind): PlanRates {
  const layout = dag.layout();
  const recognizedKind = recognized.get(layout) ?? recognizeFlow(dag, layout);
  recognized.set(layout, recognizedKind);
  const facts = readColumns(dag, layout);
  const selectivity = findSelectivities(layout, facts);
  const ownRate = findOwnRates(layout, facts, selectivity);
  const flow = kind ?? recognizedKind;
  const visits =
    flow === 'routed'
      ? findWays(layout, selectivity)
      : findVisits(layout, selectivity, findSourceShares(layout, facts, selectivity));
  const base = { layout, kind: flow, ownRate, selectivity, ...visits };
  return {
    ...base,
    offeredRate: findOfferedRate(base, facts),
    times: findTimes(base, facts),
  };
}

/** Recognises how records pass a plan: by alternative ways only where no join needs all its inputs. */
function recognizeFlow(dag: QueryDag, layout: DagLayout): FlowKind {
  refuseParts(dag, layout);
  let hasAlternatives = false;
  for (let place = 0; place < layout.ids.length; place++) {
    const parents = layout.parentStart[place + 1]! - layout.parentStart[place]!;
    const children = layout.childStart[place + 1]! - layout.childStart[place]!;
    if (parents < 2 && children < 2) continue;
    if (parents > 1 && joins.has(dag.node(layout.ids[place]!).type)) return 'conjunctive';
    hasAlternatives = true;
  }
  return hasAlternatives ? 'routed' : 'conjunctive';
}

function refuseParts(dag: QueryDag, layout: DagLayout): void {
  const count = layout.ids.length;
  if (count === 0) throw emptyDagError();
  const seen = new Uint8Array(count);
  const waiting = [0];
  seen[0] = 1;
  let found = 1;
  for (let place = waiting.pop(); place !== undefined; place = waiting.pop()) {
    for (const [start, other] of [
      [layout.childStart, layout.child],
      [layout.parentStart, layout.parent],
    ] as const) {
      for (let edge = start[place]!; edge < start[place + 1]!; edge++) {
        const next = other[edge]!;
        if (seen[next] === 1) continue;
        seen[next] = 1;
        found++;
        waiting.push(next);
      }
    }
  }
  if (found === count) return;
  const id = layout.ids[seen.indexOf(0)]!;
  throw disconnectedOperatorError(id, dag.node(id).type, layout.ids[0]!);
}

function readColumns(dag: QueryDag, { ids }: DagLayout): Columns {
  const column = (): Float64Array => new Float64Array(ids.length);
  const [estimatedRows, estimatedCost, actualRows] = [column(), column(), column()];
  const [exclusiveMs, serviceRate, selectivity] = [column(), column(), column()];
  for (let place = 0; place < ids.length; place++) {
    const { facts } = dag.node(ids[place]!);
    estimatedRows[place] = facts.estimatedRows ?? NaN;
    estimatedCost[place] = facts.estimatedCost ?? NaN;
    actualRows[place] = facts.actualRows ?? NaN;
    exclusiveMs[place] = facts.exclusiveMs ?? NaN;
    serviceRate[place] = facts.serviceRate ?? NaN;
    selectivity[place] = facts.selectivity ?? NaN;
  }
  return { estimatedRows, estimatedCost, actualRows, exclusiveMs, serviceRate, selectivity };
}

/** Rows that come in over all edges; NaN when one of them is unknown, or when there is none. */
function sumInputs({ parentStart, parent }: DagLayout, rows: Float64Array, place: number): number {
  let sum = parentStart[place] === parentStart[place + 1] ? NaN : 0;
  for (let edge = parentStart[place]!; edge < parentStart[place + 1]!; edge++) sum += rows[parent[edge]!]!;
  return sum;
}

function findSelectivities(layout: DagLayout, facts: Columns): Float64Array {
  const selectivity = facts.selectivity.slice();
  for (let place = 0; place < selectivity.length; place++) {
    if (Number.isNaN(selectivity[place]!)) selectivity[place] = findSelectivity(layout, facts, place);
  }
  return selectivity;
}

function findSelectivity(layout: DagLayout, facts: Columns, place: number): number {
  const measured = facts.actualRows[place]! / sumInputs(layout, facts.actualRows, place);
  if (Number.isFinite(measured)) return measured;
  const expected = facts.estimatedRows[place]! / sumInputs(layout, facts.estimatedRows, place);
  return Number.isFinite(expected) ? expected : 1;
}

/** Rows that an operator took in all; of a source, those it gave before it left any out. */
function findTaken(layout: DagLayout, rows: Float64Array, selectivity: Float64Array, place: number): number {
  return layout.parentStart[place] === layout.parentStart[place + 1]
    ? rows[place]! / selectivity[place]!
    : sumInputs(layout, rows, place);
}

function findOwnRates(layout: DagLayout, facts: Columns, selectivity: Float64Array): Float64Array {
  const rates = facts.serviceRate.slice();
  for (let place = 0; place < rates.length; place++) {
    if (!Number.isNaN(rates[place]!)) continue;
    const ms = facts.exclusiveMs[place]!;
    const measured = (findTaken(layout, facts.actualRows, selectivity, place) / ms) * 1000;
    rates[place] = measured > 0 ? measured : Infinity;
  }
  return rates;
}

/** What part of the rows each source brings: as many as it has, or the same from each. NaN for operators with inputs. */
function findSourceShares(layout: DagLayout, facts: Columns, selectivity: Float64Array): Float64Array {
  const isSource = (place: number): boolean => layout.parentStart[place] === layout.parentStart[place + 1];
  for (const rows of [facts.actualRows, facts.estimatedRows]) {
    const taken = rows.map((_, place) =>
      isSource(place) ? findTaken(layout, rows, selectivity, place) : NaN,
    );
    const total = taken.reduce((sum, of, place) => (isSource(place) ? sum + of : sum), 0);
    if (Number.isFinite(total) && total > 0) return taken.map((of) => of / total);
  }
  const sources = layout.ids.reduce((count, _, place) => count + (isSource(place) ? 1 : 0), 0);
  return facts.actualRows.map((_, place) => (isSource(place) ? 1 / sources : NaN));
}

/** Rows that an operator sees when each record visits every branch: they add up. */
function findVisits(
  { parentStart, parent }: DagLayout,
  selectivity: Float64Array,
  shares: Float64Array,
): Pick<PlanRates, 'visits' | 'leastVisits'> {
  const visits = shares.slice();
  for (let place = 0; place < visits.length; place++) {
    if (parentStart[place] !== parentStart[place + 1]) visits[place] = 0;
    for (let edge = parentStart[place]!; edge < parentStart[place + 1]!; edge++) {
      visits[place]! += visits[parent[edge]!]! * selectivity[parent[edge]!]!;
    }
  }
  return { visits, leastVisits: visits };
}

/** Rows that an operator sees of a record that comes there on one way or another. */
function findWays(
  { parentStart, parent }: DagLayout,
  selectivity: Float64Array,
): Pick<PlanRates, 'visits' | 'leastVisits'> {
  const visits = new Float64Array(selectivity.length);
  const leastVisits = new Float64Array(selectivity.length);
  for (let place = 0; place < visits.length; place++) {
    const isSource = parentStart[place] === parentStart[place + 1];
    let most = isSource ? 1 : 0;
    let least = isSource ? 1 : Infinity;
    for (let edge = parentStart[place]!; edge < parentStart[place + 1]!; edge++) {
      const from = parent[edge]!;
      most = Math.max(most, visits[from]! * selectivity[from]!);
      least = Math.min(least, leastVisits[from]! * selectivity[from]!);
    }
    visits[place] = most;
    leastVisits[place] = least;
  }
  return { visits, leastVisits };
}

type Base = Omit<PlanRates, 'offeredRate' | 'times'>;

/** What a run measured, its operators taking turns; else what the sources can give at full speed. */
function findOfferedRate(
  { layout, kind, ownRate, visits, selectivity }: Base,
  facts: Columns,
): number | null {
  let [taken, ms, together, slowest] = [0, 0, 0, Infinity];
  for (let place = 0; place < ownRate.length; place++) {
    ms += facts.exclusiveMs[place]!;
    if (layout.parentStart[place] !== layout.parentStart[place + 1]) continue;
    taken += findTaken(layout, facts.actualRows, selectivity, place);
    together += ownRate[place]!;
    if (visits[place]! > 0) slowest = Math.min(slowest, ownRate[place]! / visits[place]!);
  }
  const measured = (taken / ms) * 1000;
  if (Number.isFinite(measured)) return measured;
  const full = kind === 'routed' ? together : slowest;
  return Number.isFinite(full) ? full : null;
}

function findTimes({ ownRate, visits }: Base, facts: Columns): Float64Array {
  if (!facts.exclusiveMs.some(Number.isNaN)) return facts.exclusiveMs;
  const needed = new Float64Array(ownRate.length);
  for (let place = 0; place < needed.length; place++) {
    needed[place] = visits[place] === 0 ? 0 : visits[place]! / ownRate[place]!;
  }
  if (needed.every(Number.isFinite) && needed.some((time) => time > 0)) return needed;
  return facts.estimatedCost.some(Number.isNaN) ? new Float64Array(0) : facts.estimatedCost;
}

/** What an operator or an edge can bear, in rows of the sources; `rows` that it sees for one of them. */
export function normalizeRate(rate: number, rows: number): number {
  return rows === 0 ? Infinity : rate / rows;
}
