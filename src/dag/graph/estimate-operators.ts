// Asks a cost model about every operator of a graph, inputs first: what an operator gives is what the next one takes.
import type { CostModel } from './cost-model.ts';
import { estimateError } from './errors.ts';
import type { OperatorNode } from './operator-node.ts';

/** What a cost model expects of an operator. */
export interface OperatorEstimate {
  /** Rows it gives in all. */
  readonly rows: number;
  /** Cost of it alone, times the overhead of the platform, in the model's unit. */
  readonly cost: number;
}

/** Operators and their order. */
interface Operators {
  topologicalOrder(): number[];
  node(id: number): OperatorNode;
  parents(id: number): number[];
}

/** @returns estimates by id, in topological order */
export function estimateOperators(dag: Operators, model: CostModel): Map<number, OperatorEstimate> {
  const estimates = new Map<number, OperatorEstimate>();
  const overhead = model.platformOverhead();
  for (const id of dag.topologicalOrder()) {
    const node = dag.node(id);
    const inputs = dag.parents(id).map((input) => dag.node(input));
    const context = {
      inputs,
      inputRows: inputs.map((input) => estimates.get(input.id)!.rows),
      inputRowBytes: inputs.map(({ facts }) => facts.rowBytes ?? 0),
    };
    const rows = checked(node, 'the cardinality', model.estimateCardinality(node, context));
    const cost = checked(node, 'the cost', model.estimateCost(node, context) * overhead);
    estimates.set(id, { rows, cost });
  }
  return estimates;
}

function checked({ id, type }: OperatorNode, what: string, value: number): number {
  if (!Number.isFinite(value) || value < 0) throw estimateError(id, type, what, value);
  return value;
}
