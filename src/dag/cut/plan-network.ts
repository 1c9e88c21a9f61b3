// A plan as a flow network: each operator is an arc of what it can bear, between its inputs and its outputs; each edge
// is an arc of what it can carry. One source feeds all operators without inputs, one sink takes from all without outputs.
import type { DagLayout } from '../graph/index.ts';
import { FlowNetwork } from './flow-network.ts';
import type { FlowArc } from './flow-network.ts';
import { normalizeRate } from './plan-rates.ts';
import type { PlanRates } from './plan-rates.ts';

/** Operators and edges that together hold a flow back. */
export interface PlanCut {
  /** Places of operators. */
  readonly places: readonly number[];
  /** Numbers of edges in the layout. */
  readonly edges: readonly number[];
  /** Rows of the sources a second that they let through. */
  readonly capacity: number;
}

/** Both extreme cuts of a plan, and what would let more through. */
export interface PlanCuts {
  readonly maxFlow: number;
  /** The one nearest to the sources. */
  readonly sourceSide: PlanCut;
  /** The one nearest to the sinks; has the same operators when only one cut is a smallest one. */
  readonly sinkSide: PlanCut;
  /** Places of operators in every smallest cut: with a row more of one of these, the flow grows by a row. */
  readonly sensitive: readonly number[];
}

/** The arcs of a layout: operators, edges, from the source, to the sink. @param capacityOf by number of the arc */
export function buildPlanArcs(layout: DagLayout, capacityOf: (arc: number) => number): FlowArc[] {
  const count = layout.ids.length;
  const arcs: FlowArc[] = [];
  const add = (from: number, to: number, capacity: number): void => void arcs.push({ from, to, capacity });
  for (let place = 0; place < count; place++) add(2 * place, 2 * place + 1, capacityOf(place));
  for (let place = 0; place < count; place++) {
    for (let edge = layout.childStart[place]!; edge < layout.childStart[place + 1]!; edge++) {
      add(2 * place + 1, 2 * layout.child[edge]!, capacityOf(count + edge));
    }
  }
  for (let place = 0; place < count; place++) {
    if (layout.parentStart[place] === layout.parentStart[place + 1]) add(2 * count, 2 * place, Infinity);
  }
  for (let place = 0; place < count; place++) {
    if (layout.childStart[place] === layout.childStart[place + 1])
      add(2 * place + 1, 2 * count + 1, Infinity);
  }
  return arcs;
}

/** What the operators and then the edges of a plan can bear, in rows of its sources. */
export function findCapacities(
  { layout, ownRate, selectivity }: PlanRates,
  visits: Float64Array,
): Float64Array {
  const count = ownRate.length;
  const capacities = new Float64Array(count + layout.child.length);
  for (let place = 0; place < count; place++) {
    capacities[place] = normalizeRate(ownRate[place]!, visits[place]!);
    const given = visits[place]! * selectivity[place]!;
    for (let edge = layout.childStart[place]!; edge < layout.childStart[place + 1]!; edge++) {
      capacities[count + edge] = normalizeRate(layout.childRate[edge]!, given);
    }
  }
  return capacities;
}

/** Part by which flow and cut may differ from rounding. */
const TOLERANCE = 1e-9;
/** After so many changes the flow is found from nothing, to shed what rounding has added up. */
const WARM_UPDATES = 10_000;

/** The flow of a plan, kept up while rates, operators and edges change. */
export class PlanNetwork {
  readonly layout: DagLayout;
  readonly #network: FlowNetwork;
  #updates = 0;

  /** @param before the same plan before operators or edges came or went: its flow is taken over */
  constructor(layout: DagLayout, before: PlanNetwork | null) {
    this.layout = layout;
    const count = layout.ids.length;
    const kept = before?.layout === undefined ? null : matchArcs(before.layout, layout);
    if (before && kept) before.#dropArcsBut(kept);
    this.#network = new FlowNetwork(
      2 * count + 2,
      2 * count,
      2 * count + 1,
      buildPlanArcs(layout, (arc) =>
        before && kept && kept[arc]! >= 0 ? before.#network.capacity[kept[arc]!]! : 0,
      ),
    );
    if (!before || !kept) return;
    this.#updates = before.#updates;
    kept.forEach((old, arc) => {
      if (old >= 0) this.#network.setFlow(arc, before.#network.flowOf(old));
    });
  }

  /**
   * Finds both cuts under these capacities, from the flow that there is.
   * @returns null when nothing limits the flow
   */
  solve(capacities: Float64Array): PlanCuts | null {
    capacities.forEach((capacity, arc) => this.#network.setCapacity(arc, capacity));
    this.#updates++;
    if (this.#updates % WARM_UPDATES === 0) this.#network.clear();
    const cuts = this.#findCuts();
    if (!cuts || this.#isProven(cuts)) return cuts;
    this.#network.clear();
    return this.#findCuts();
  }

  /** A flow as large as a cut is a maximum, and the cut is a minimum. */
  #isProven({ sourceSide, sinkSide }: PlanCuts): boolean {
    const flow = this.#network.total();
    if (!this.#network.isConserved(TOLERANCE)) return false;
    return [sourceSide, sinkSide].every(({ capacity }) => Math.abs(capacity - flow) <= TOLERANCE * capacity);
  }

  #findCuts(): PlanCuts | null {
    const network = this.#network;
    network.augment();
    if (network.isUnbounded) return null;
    const reachable = network.reachable();
    const reaching = network.reaching();
    const sourceSide = this.#cutWhere((from, to) => reachable[from] === 1 && reachable[to] === 0);
    const sinkSide = this.#cutWhere((from, to) => reaching[from] === 0 && reaching[to] === 1);
    const sensitive = sourceSide.places.filter(
      (place) => reachable[2 * place] === 1 && reaching[2 * place + 1] === 1,
    );
    return { maxFlow: sourceSide.capacity, sourceSide, sinkSide, sensitive };
  }

  #cutWhere(isCut: (from: number, to: number) => boolean): PlanCut {
    const { head, capacity } = this.#network;
    const count = this.layout.ids.length;
    const [places, edges]: [number[], number[]] = [[], []];
    let sum = 0;
    for (let arc = 0; arc < count + this.layout.child.length; arc++) {
      if (!isCut(head[2 * arc + 1]!, head[2 * arc]!)) continue;
      sum += capacity[arc]!;
      if (arc < count) places.push(arc);
      else edges.push(arc - count);
    }
    return { places, edges, capacity: sum };
  }

  /** Takes the flow off what the next network does not have. */
  #dropArcsBut(kept: Int32Array): void {
    const stays = new Uint8Array(this.#network.capacity.length);
    for (const arc of kept) if (arc >= 0) stays[arc] = 1;
    stays.forEach((does, arc) => {
      if (does === 0) this.#network.setCapacity(arc, 0);
    });
  }
}

/** Which arc of the old layout each arc of the new one was, or −1; arcs are numbered as in {@link buildPlanArcs}. */
function matchArcs(old: DagLayout, layout: DagLayout): Int32Array {
  const [oldEnds, ends] = [findEnds(old), findEnds(layout)];
  const count = layout.ids.length;
  const kept = new Int32Array(count + layout.child.length + ends.sources.size + ends.sinks.size).fill(-1);
  const oldPlaces = Int32Array.from(layout.ids, (id) => old.placeOf.get(id) ?? -1);
  const edgeTo = new Map<number, number>();
  for (let place = 0; place < count; place++) {
    const before = oldPlaces[place]!;
    if (before < 0) continue;
    kept[place] = before;
    edgeTo.clear();
    for (let edge = old.childStart[before]!; edge < old.childStart[before + 1]!; edge++) {
      edgeTo.set(old.child[edge]!, edge);
    }
    for (let edge = layout.childStart[place]!; edge < layout.childStart[place + 1]!; edge++) {
      const edgeBefore = edgeTo.get(oldPlaces[layout.child[edge]!]!);
      if (edgeBefore !== undefined) kept[count + edge] = old.ids.length + edgeBefore;
    }
  }
  for (const end of ['sources', 'sinks'] as const) {
    for (const [place, arc] of ends[end]) kept[arc] = oldEnds[end].get(oldPlaces[place]!) ?? -1;
  }
  return kept;
}

/** The arcs from the source and to the sink, by place of the operator. */
function findEnds(layout: DagLayout): Record<'sources' | 'sinks', Map<number, number>> {
  const count = layout.ids.length;
  let arc = count + layout.child.length;
  const [sources, sinks] = [new Map<number, number>(), new Map<number, number>()];
  for (let place = 0; place < count; place++) {
    if (layout.parentStart[place] === layout.parentStart[place + 1]) sources.set(place, arc++);
  }
  for (let place = 0; place < count; place++) {
    if (layout.childStart[place] === layout.childStart[place + 1]) sinks.set(place, arc++);
  }
  return { sources, sinks };
}
