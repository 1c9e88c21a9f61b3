// Query plans as graphs: the door of src/dag, published as `ruvector-memopt/dag`. It runs in browsers too.
export { isOperatorType, OperatorNode, OperatorType, QueryDag } from './graph/index.ts';
export type {
  DagEdge,
  DagLayout,
  EdgeOptions,
  OperatorDetails,
  OperatorFacts,
  OperatorOptions,
} from './graph/index.ts';
