// What attention looks at: a plan's shape and, of each operator, what it costs and took as shares of the plan, so that
// plans of any size and unit are alike. A fact counts only where all operators of the plan have it.
import { operatorTypes } from '../graph/index.ts';
import type { DagLayout, OperatorType, QueryDag } from '../graph/index.ts';

/** A plan by place in its layout. */
export interface AttentionPlan {
  readonly dag: QueryDag;
  readonly layout: DagLayout;
  readonly count: number;
  /** Place of each operator's type in `operatorTypes`. */
  readonly type: Uint8Array;
  readonly rows: Float64Array;
  readonly rowBytes: Float64Array;
  readonly actualRows: Float64Array;
  /** Parts of the cost that the planner expects; the same for all where it does not say. */
  readonly costShare: Float64Array;
  /** Whether all operators were measured. */
  readonly isMeasured: boolean;
  /** Parts of the time that was measured, else of the cost. */
  readonly share: Float64Array;
}

const typeNumber = new Map<OperatorType, number>(operatorTypes.map((type, at) => [type, at]));

/** Reads a plan once. */
export function buildAttentionPlan(dag: QueryDag): AttentionPlan {
  const layout = dag.layout();
  const count = layout.ids.length;
  const column = (): Float64Array => new Float64Array(count);
  const [rows, rowBytes, actualRows, cost, ms] = [column(), column(), column(), column(), column()];
  const type = new Uint8Array(count);
  for (let place = 0; place < count; place++) {
    const node = dag.node(layout.ids[place]!);
    const { facts } = node;
    type[place] = typeNumber.get(node.type)!;
    rows[place] = facts.estimatedRows ?? 0;
    rowBytes[place] = facts.rowBytes ?? 0;
    actualRows[place] = facts.actualRows ?? 0;
    cost[place] = facts.estimatedCost ?? NaN;
    ms[place] = facts.exclusiveMs ?? NaN;
  }
  const costShare = toShares(cost) ?? new Float64Array(count).fill(1 / count);
  const measured = toShares(ms);
  return {
    dag,
    layout,
    count,
    type,
    rows,
    rowBytes,
    actualRows,
    costShare,
    isMeasured: measured !== null,
    share: measured ?? costShare,
  };
}

/** Parts of the sum; null where a value is unknown or all are 0. */
function toShares(values: Float64Array): Float64Array | null {
  let sum = 0;
  for (const value of values) sum += value;
  if (!(sum > 0)) return null;
  const shares = new Float64Array(values.length);
  for (let at = 0; at < values.length; at++) shares[at] = values[at]! / sum;
  return shares;
}
