// What acts on query DAGs: the door of src/steer, published as `ruvector-memopt/steer`.
export { createPolicy, parseLatencyMatrix, replayMatrix } from './policy/index.ts';
export type * from './policy/index.ts';
export { postgresArms, readsOnly, readSteeringState, removeStateFile, splitSql, steer } from './sql/index.ts';
export type {
  QueryOf,
  SteeredClient,
  SteeredRun,
  Steering,
  SteeringArm,
  SteeringState,
  SteeringStatus,
  SteerOptions,
  TemplateExplanation,
  TemplateSummary,
} from './sql/index.ts';
