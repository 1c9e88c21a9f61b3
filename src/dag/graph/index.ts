// dag/graph: query plans and pipelines as graphs of operators. Knows no other part of src/dag.
export { isOperatorType, OperatorType, operatorTypes } from './operator-type.ts';
export { OperatorNode, operatorFactNames } from './operator-node.ts';
export type { OperatorDetails, OperatorFacts, OperatorOptions } from './operator-node.ts';
export { QueryDag } from './query-dag.ts';
export type { DagDocument, DagEdge, EdgeOptions } from './query-dag.ts';
export type { DagLayout } from './layout.ts';
export type { CostContext, CostModel } from './cost-model.ts';
export type { OperatorEstimate } from './estimate-operators.ts';
export { parseDag } from './parse-dag.ts';
export { decodeDag } from './decode-dag.ts';
export { encodeDag } from './encode-dag.ts';
export { parsePostgresExplain } from './parse-postgres-explain.ts';
export { buildPostgresExplain } from './build-postgres-explain.ts';
export type { PostgresExplain } from './build-postgres-explain.ts';
export { parseDuckDbExplain } from './parse-duckdb-explain.ts';
export { parsePolarsPlan } from './parse-polars-plan.ts';
export { buildPipelineDag } from './build-pipeline-dag.ts';
export type { MeasuredLeg, MeasuredStage, PlannedStage } from './build-pipeline-dag.ts';
