// dag/graph: query plans and pipelines as graphs of operators. Knows no other part of src/dag.
export { isOperatorType, OperatorType, operatorTypes } from './operator-type.ts';
export { OperatorNode, operatorFactNames } from './operator-node.ts';
export type { OperatorDetails, OperatorFacts, OperatorOptions } from './operator-node.ts';
export { QueryDag } from './query-dag.ts';
export type { DagEdge, EdgeOptions } from './query-dag.ts';
export type { DagLayout } from './layout.ts';
