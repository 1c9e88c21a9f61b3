// steer/sql: steers the queries of a database connection. Knows of the other parts only policy.
export { steer } from './steer.ts';
export type { SteeredClient } from './steer.ts';
export type { SteerOptions } from './options.ts';
export type { SteeredRun } from './steering.ts';
export type { Steering, SteeringStatus, TemplateExplanation, TemplateSummary } from './steering-report.ts';
