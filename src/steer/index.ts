// What acts on query DAGs: the door of src/steer, published as `ruvector-memopt/steer`.
export { steer } from './sql/index.ts';
export type {
  SteeredClient,
  SteeredRun,
  Steering,
  SteeringStatus,
  SteerOptions,
  TemplateExplanation,
  TemplateSummary,
} from './sql/index.ts';
