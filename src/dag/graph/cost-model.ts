// What a cost model answers. Models are in src/dag/cost, or anybody's own.
import type { OperatorNode } from './operator-node.ts';

/** What is known where an operator stands. */
export interface CostContext {
  /** Rows that each of its inputs gives in all, in the order of `dag.parents(id)`. */
  readonly inputRows: readonly number[];
  /** Mean bytes of a row of each input; 0 where nobody knows. */
  readonly inputRowBytes: readonly number[];
  /** The inputs themselves. */
  readonly inputs: readonly OperatorNode[];
}

/** Estimates the operators of a {@link QueryDag}. */
export interface CostModel {
  /** What a cost is counted in, e.g. `ms` or `PostgreSQL cost units`. */
  readonly unit: string;
  /** Cost of the operator alone, without its inputs and without {@link platformOverhead}. */
  estimateCost(op: OperatorNode, context: CostContext): number;
  /** Rows that the operator gives in all. */
  estimateCardinality(op: OperatorNode, context: CostContext): number;
  /** Every cost is multiplied by it; 1 is none. */
  platformOverhead(): number;
}
