// The table of triggers: what each mechanism is said to be good for, as numbers from 0 to 1 that the selector learns by.
import { OperatorType, operatorTypes } from '../graph/index.ts';
import type { BottleneckAnalysis } from '../cut/index.ts';
import type { QueryDag } from '../graph/index.ts';
import { AttentionType } from './attention-type.ts';
import { buildAttentionPlan } from './attention-plan.ts';
import { findForkJoins } from './branches.ts';

/** What a plan does not say of itself. */
export interface Circumstances {
  /** Of this plan, from the min-cut engine. */
  readonly analysis?: Pick<BottleneckAnalysis, 'isStressed' | 'latencyVariance'>;
  /** Times of this kind of query so far. */
  readonly latency?: { readonly p50Ms: number; readonly p99Ms: number };
  /** Whether times follow a pattern in time. */
  readonly isTemporal?: boolean;
}

/** Triggers, and the mechanism of each. */
export const triggers = [
  { trigger: 'low variance', mechanism: AttentionType.Topological },
  { trigger: 'writes', mechanism: AttentionType.CausalCone },
  { trigger: 'p99 above 2 × p50', mechanism: AttentionType.CriticalPath },
  { trigger: 'tension', mechanism: AttentionType.MinCutGated },
  { trigger: 'deeper than 10', mechanism: AttentionType.HierarchicalLorentz },
  { trigger: 'more than 3 branches', mechanism: AttentionType.ParallelBranch },
  { trigger: 'temporal pattern', mechanism: AttentionType.TemporalBtsp },
] as const;

/** Variance below which times count as alike. */
const LOW_VARIANCE = 0.5;
/** Part of the plan from which on it is write-heavy. */
const WRITE_HEAVY = 0.25;

/** 1, then each of {@link triggers} as 0 or 1. */
export function describeCircumstances(dag: QueryDag, circumstances: Circumstances): Float64Array {
  const { layout, share, type } = buildAttentionPlan(dag);
  const { analysis, latency, isTemporal = false } = circumstances;
  const write = operatorTypes.indexOf(OperatorType.Write);
  const written = share.reduce((sum, of, place) => (type[place] === write ? sum + of : sum), 0);
  const variance = analysis?.latencyVariance ?? findVariance(share);
  const isTrue = [
    variance < LOW_VARIANCE,
    written >= WRITE_HEAVY,
    latency !== undefined && latency.p99Ms > 2 * latency.p50Ms,
    analysis?.isStressed ?? false,
    layout.depth.some((depth) => depth > 10),
    findForkJoins(layout).some(({ branches }) => branches > 3),
    isTemporal,
  ];
  return Float64Array.from([1, ...isTrue.map(Number)]);
}

/** Variance of shares over the square of their mean. */
function findVariance(share: Float64Array): number {
  const count = share.length;
  return share.reduce((sum, of) => sum + (of * count - 1) ** 2, 0) / Math.max(1, count);
}
