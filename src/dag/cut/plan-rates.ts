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
type Columns = Readonly<Record<keyof OperatorFacts, Float64Array>>;

/**
 * Puts the rates of a plan into one unit.
 * @param kind how records pass it; recognised from the operators when it is left out
 * @throws RuvectorError `ERR_DAG_CUT_GRAPH` for a graph without operators or in several parts
 */
export function findPlanRates(dag: QueryDag, kind?: FlowKind): PlanRates {
  const layout = dag.layout();
  refuseParts(dag, layout);
  const facts = readColumns(dag, layout);
  const selectivity = findSelectivities(layout, facts);
  const ownRate = findOwnRates(layout, facts, selectivity);
  const recognized = kind ?? recognizeFlow(dag, layout);
  const visits = findVisits(layout, selectivity, recognized, findSourceShares(layout, facts, selectivity));
  const base = { layout, kind: recognized, ownRate, selectivity, ...visits };
  return {
    ...base,
    offeredRate: findOfferedRate(base, facts),
    times: findTimes(base, facts),
  };
}

/** Recognises how records pass a plan: by alternative ways only where no join needs all its inputs. */
export function recognizeFlow(dag: QueryDag, layout: DagLayout): FlowKind {
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
  const column = (): Float64Array => new Float64Array(ids.length).fill(NaN);
  const columns = {
    estimatedRows: column(),
    estimatedCost: column(),
    rowBytes: column(),
    actualRows: column(),
    exclusiveMs: column(),
    serviceRate: column(),
    selectivity: column(),
  };
  for (let place = 0; place < ids.length; place++) {
    const { facts } = dag.node(ids[place]!);
    columns.estimatedRows[place] = facts.estimatedRows ?? NaN;
    columns.estimatedCost[place] = facts.estimatedCost ?? NaN;
    columns.actualRows[place] = facts.actualRows ?? NaN;
    columns.exclusiveMs[place] = facts.exclusiveMs ?? NaN;
    columns.serviceRate[place] = facts.serviceRate ?? NaN;
    columns.selectivity[place] = facts.selectivity ?? NaN;
  }
  return columns;
}

/** Rows that come in over all edges; NaN when one of them is unknown, or when there is none. */
function sumInputs({ parentStart, parent }: DagLayout, rows: Float64Array, place: number): number {
  let sum = parentStart[place] === parentStart[place + 1] ? NaN : 0;
  for (let edge = parentStart[place]!; edge < parentStart[place + 1]!; edge++) sum += rows[parent[edge]!]!;
  return sum;
}

function findSelectivities(layout: DagLayout, facts: Columns): Float64Array {
  return facts.selectivity.map((given, place) => {
    if (!Number.isNaN(given)) return given;
    for (const rows of [facts.actualRows, facts.estimatedRows]) {
      const ratio = rows[place]! / sumInputs(layout, rows, place);
      if (Number.isFinite(ratio)) return ratio;
    }
    return 1;
  });
}

/** Rows that an operator took in all; of a source, those it gave before it left any out. */
function findTaken(layout: DagLayout, rows: Float64Array, selectivity: Float64Array, place: number): number {
  return layout.parentStart[place] === layout.parentStart[place + 1]
    ? rows[place]! / selectivity[place]!
    : sumInputs(layout, rows, place);
}

function findOwnRates(layout: DagLayout, facts: Columns, selectivity: Float64Array): Float64Array {
  return facts.serviceRate.map((given, place) => {
    if (!Number.isNaN(given)) return given;
    const measured =
      (findTaken(layout, facts.actualRows, selectivity, place) / facts.exclusiveMs[place]!) * 1000;
    return measured > 0 ? measured : Infinity;
  });
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

function findVisits(
  { parentStart, parent }: DagLayout,
  selectivity: Float64Array,
  kind: FlowKind,
  shares: Float64Array,
): Pick<PlanRates, 'visits' | 'leastVisits'> {
  const visits = new Float64Array(shares.length);
  const leastVisits = new Float64Array(shares.length);
  for (let place = 0; place < shares.length; place++) {
    const isSource = parentStart[place] === parentStart[place + 1];
    const first = kind === 'routed' ? 1 : shares[place]!;
    let most = isSource ? first : 0;
    let least = isSource ? first : Infinity;
    let sum = isSource ? first : 0;
    for (let edge = parentStart[place]!; edge < parentStart[place + 1]!; edge++) {
      const from = parent[edge]!;
      most = Math.max(most, visits[from]! * selectivity[from]!);
      least = Math.min(least, leastVisits[from]! * selectivity[from]!);
      sum += visits[from]! * selectivity[from]!;
    }
    visits[place] = kind === 'routed' ? most : sum;
    leastVisits[place] = kind === 'routed' ? least : sum;
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
  if (facts.exclusiveMs.every((ms) => !Number.isNaN(ms))) return facts.exclusiveMs;
  const needed = ownRate.map((rate, place) => (visits[place] === 0 ? 0 : visits[place]! / rate));
  if (needed.every(Number.isFinite) && needed.some((time) => time > 0)) return needed;
  if (facts.estimatedCost.every((cost) => !Number.isNaN(cost))) return facts.estimatedCost;
  return new Float64Array(0);
}

/** What an operator or an edge can bear, in rows of the sources; `rows` that it sees for one of them. */
export function normalizeRate(rate: number, rows: number): number {
  return rows === 0 ? Infinity : rate / rows;
}
