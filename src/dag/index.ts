// Query plans as graphs: the door of src/dag, published as `ruvector-memopt/dag`. It runs in browsers too.
export {
  decodeDag,
  encodeDag,
  isOperatorType,
  OperatorNode,
  OperatorType,
  parseDag,
  QueryDag,
} from './graph/index.ts';
export type {
  CostContext,
  CostModel,
  DagDocument,
  DagEdge,
  DagLayout,
  EdgeOptions,
  OperatorDetails,
  OperatorEstimate,
  OperatorFacts,
  OperatorOptions,
} from './graph/index.ts';
