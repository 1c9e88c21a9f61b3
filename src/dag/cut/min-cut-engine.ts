// How much of what a plan can bear is used, and where it is held back. A plan whose records take one of several ways is
// answered by an exact minimum cut between sources and sinks, kept up from analysis to analysis; one whose records visit
// every branch by its slowest stage, which is what the cut comes down to there.
import type { QueryDag } from '../graph/index.ts';
import { cutOptionError } from './errors.ts';
import { findEvenFlow } from './even-flow.ts';
import { buildPlanArcs, findCapacities, PlanNetwork } from './plan-network.ts';
import type { PlanCut } from './plan-network.ts';
import { findPlanRates } from './plan-rates.ts';
import type { FlowKind, PlanRates } from './plan-rates.ts';
import { findSlowestStage } from './slowest-stage.ts';
import { TensionSignals } from './tension-signals.ts';
import type { TensionListener } from './tension-signals.ts';

/** Options of {@link DagMinCutEngine}. */
export interface MinCutOptions {
  /** Tension above which a plan counts as stressed; at 0.7 a queue (M/M/1) waits 2.3 times as long as it serves. @default 0.7 */
  readonly tensionThreshold?: number;
  /** Whether subscribers are told. @default true */
  readonly emitSignals?: boolean;
  /** Growth since the analysis before that counts as rising. @default 0.05 */
  readonly risingStep?: number;
  /** Part of the threshold from which on it counts as approached. @default 0.8 */
  readonly approach?: number;
  /** Analyses below the threshold for which a spike is remembered. @default 10 */
  readonly stickyAnalyses?: number;
}

/** Options of one analysis. */
export interface AnalyzeOptions {
  /** How records pass the plan. @default recognised: conjunctive with a join or without branches, else routed */
  readonly flow?: FlowKind;
  /**
   * Rows a second that the sources bring, all together.
   * @default what the run measured (rows of the sources over the time of all operators), else the sources at full speed
   */
  readonly offeredRate?: number;
}

/** Operators and edges that hold a plan back together. */
export interface PlanBottleneck {
  /** Ids. */
  readonly cutNodes: readonly number[];
  /** Channels that are the limit themselves. */
  readonly cutEdges: readonly { readonly from: number; readonly to: number }[];
  /** Rows of the sources a second that they let through. */
  readonly capacity: number;
  /** Offered rows over capacity; above 1 a queue grows without end. */
  readonly tension: number;
}

/** What {@link DagMinCutEngine.analyzeBottlenecks} found. */
export interface BottleneckAnalysis {
  readonly flow: FlowKind;
  /** Rows of the sources a second that the plan can bear for ever; infinite when no rate is known that limits it. */
  readonly maxFlow: number;
  /**
   * The same as `maxFlow`, but for plans whose ways leave out different parts of the rows before they meet: these can bear
   * at least `maxFlow` and at most this.
   */
  readonly maxFlowAtMost: number;
  /** Null when nobody knows it; the tension is 0 then. */
  readonly offeredRate: number | null;
  /** Offered rows over `maxFlow`. */
  readonly maxTension: number;
  /** Variance of the times of operators over the square of their mean: 0 when all take alike. */
  readonly latencyVariance: number;
  /**
   * The smallest cut nearest to the sources, and, where it is another one, that nearest to the sinks; of a conjunctive
   * plan each of the slowest stages. Empty when nothing limits the plan.
   */
  readonly bottlenecks: readonly PlanBottleneck[];
  /** Rows of the sources a second that each row more of an operator's rate gains, by id; operators not in it gain none. */
  readonly sensitivity: ReadonlyMap<number, number>;
  /** Whether the threshold was crossed within the last analyses. */
  readonly isStressed: boolean;
}

/** Finds bottlenecks. Keeps the flow of each graph that it has seen while the graph lives. */
export class DagMinCutEngine {
  readonly #networks = new WeakMap<QueryDag, PlanNetwork>();
  readonly #signals: TensionSignals;
  readonly #emitSignals: boolean;

  /** @throws RuvectorError `ERR_DAG_CUT_OPTION` */
  constructor(options: MinCutOptions = {}) {
    const { tensionThreshold = 0.7, risingStep = 0.05, approach = 0.8, stickyAnalyses = 10 } = options;
    refuseNegative('tensionThreshold', tensionThreshold);
    refuseNegative('risingStep', risingStep);
    refuseNegative('approach', approach);
    if (!Number.isSafeInteger(stickyAnalyses) || stickyAnalyses < 0) {
      throw cutOptionError('stickyAnalyses', stickyAnalyses, 'give a whole number from 0 on');
    }
    this.#signals = new TensionSignals({ tensionThreshold, risingStep, approach, stickyAnalyses });
    this.#emitSignals = options.emitSignals ?? true;
  }

  /** Is told what the tension does. @returns what ends the subscription */
  subscribe(listener: TensionListener): () => void {
    return this.#signals.subscribe(listener);
  }

  /**
   * Finds what holds a plan back, and how much of what it can bear is used. Another analysis of the same graph starts
   * from the flow of the one before and gives what a new engine would.
   * @throws RuvectorError `ERR_DAG_CUT_GRAPH` for a graph without operators or in several parts, `ERR_DAG_CUT_OPTION`
   */
  analyzeBottlenecks(dag: QueryDag, options: AnalyzeOptions = {}): BottleneckAnalysis {
    if (options.offeredRate !== undefined) refuseNegative('offeredRate', options.offeredRate);
    if (options.flow !== undefined && options.flow !== 'conjunctive' && options.flow !== 'routed') {
      throw cutOptionError('flow', options.flow, 'say conjunctive or routed, or leave it out');
    }
    const rates = findPlanRates(dag, options.flow);
    const found = rates.kind === 'routed' ? this.#findCuts(dag, rates) : findStages(rates);
    const offeredRate = options.offeredRate ?? rates.offeredRate;
    const maxTension = offeredRate === null ? 0 : findTension(offeredRate, found.maxFlow);
    this.#signals.observe(maxTension, { emit: this.#emitSignals });
    return {
      flow: rates.kind,
      maxFlow: found.maxFlow,
      maxFlowAtMost: found.maxFlowAtMost,
      offeredRate,
      maxTension,
      latencyVariance: findRelativeVariance(rates.times),
      bottlenecks: found.cuts.map((cut) => describeCut(rates, cut, maxTension)),
      sensitivity: new Map(
        found.sensitive.map((place) => [rates.layout.ids[place]!, 1 / rates.visits[place]!]),
      ),
      isStressed: this.#signals.isStressed,
    };
  }

  #findCuts(dag: QueryDag, rates: PlanRates): Found {
    const before = this.#networks.get(dag) ?? null;
    const network = before?.layout === rates.layout ? before : new PlanNetwork(rates.layout, before);
    this.#networks.set(dag, network);
    const cuts = network.solve(findCapacities(rates, rates.visits));
    if (!cuts) return nothingLimits;
    const { maxFlow, sourceSide, sinkSide, sensitive } = cuts;
    const isOne = String([sourceSide.places, sourceSide.edges]) === String([sinkSide.places, sinkSide.edges]);
    return {
      maxFlow,
      maxFlowAtMost: hasOneUnit(rates) ? maxFlow : findMostFlow(rates),
      cuts: isOne ? [sourceSide] : [sourceSide, sinkSide],
      sensitive,
    };
  }
}

/**
 * How full each operator is when as many rows pass as can, 0–1, by place: 1 for all that hold the plan back. Operators
 * alike in the graph get alike, whatever their ids and their order.
 */
export function findSaturation(dag: QueryDag, flow?: FlowKind): Float64Array {
  const rates = findPlanRates(dag, flow);
  const capacities = findCapacities(rates, rates.visits);
  const count = rates.ownRate.length;
  if (rates.kind === 'conjunctive') {
    const maxFlow = findSlowestStage(capacities, count)?.maxFlow ?? 0;
    return capacities.subarray(0, count).map((capacity) => divideFlow(maxFlow, capacity));
  }
  const arcs = buildPlanArcs(rates.layout, (arc) => capacities[arc]!);
  const carried = findEvenFlow(2 * count + 2, 2 * count, 2 * count + 1, arcs);
  return capacities.subarray(0, count).map((capacity, place) => divideFlow(carried?.[place] ?? 0, capacity));
}

interface Found {
  readonly maxFlow: number;
  readonly maxFlowAtMost: number;
  readonly cuts: readonly PlanCut[];
  readonly sensitive: readonly number[];
}

const nothingLimits: Found = { maxFlow: Infinity, maxFlowAtMost: Infinity, cuts: [], sensitive: [] };

function findStages(rates: PlanRates): Found {
  const stage = findSlowestStage(findCapacities(rates, rates.visits), rates.ownRate.length);
  return stage ? { ...stage, maxFlowAtMost: stage.maxFlow } : nothingLimits;
}

/** Part by which products of selectivities may differ from rounding. */
const TOLERANCE = 1e-9;

/** Whether a row of a source is as many rows of an operator on every way there. */
function hasOneUnit({ visits, leastVisits }: PlanRates): boolean {
  return visits.every((most, place) => most - leastVisits[place]! <= TOLERANCE * most);
}

function findMostFlow(rates: PlanRates): number {
  const capacities = findCapacities(rates, rates.leastVisits);
  return new PlanNetwork(rates.layout, null).solve(capacities)?.maxFlow ?? Infinity;
}

function findTension(offeredRate: number, maxFlow: number): number {
  return offeredRate === 0 ? 0 : offeredRate / maxFlow;
}

/** An operator that can take nothing is full, and one of which nobody knows a limit is empty. */
function divideFlow(flow: number, capacity: number): number {
  return capacity === 0 ? 1 : Math.min(1, flow / capacity);
}

function describeCut(
  { layout }: PlanRates,
  { places, edges, capacity }: PlanCut,
  tension: number,
): PlanBottleneck {
  const fromOf = (edge: number): number => layout.childStart.findLastIndex((start) => start <= edge);
  return {
    cutNodes: places.map((place) => layout.ids[place]!),
    cutEdges: edges.map((edge) => ({
      from: layout.ids[fromOf(edge)]!,
      to: layout.ids[layout.child[edge]!]!,
    })),
    capacity,
    tension,
  };
}

function findRelativeVariance(times: Float64Array): number {
  const mean = times.reduce((sum, time) => sum + time, 0) / times.length;
  if (!(mean > 0)) return 0;
  return times.reduce((sum, time) => sum + (time / mean - 1) ** 2, 0) / times.length;
}

function refuseNegative(option: string, value: number): void {
  if (!(value >= 0) || value === Infinity)
    throw cutOptionError(option, value, 'give a finite number from 0 on');
}
