// steer/sql: steers the queries of a database connection. Knows of the other parts only policy.
export { steer } from './steer.ts';
export type { QueryOf, SteeredClient } from './steer.ts';
export type { SteerOptions } from './options.ts';
export type { SteeredRun } from './steering.ts';
export type { Steering, SteeringStatus, TemplateExplanation, TemplateSummary } from './steering-report.ts';
export { readSteeringState } from './read-state.ts';
export type { SteeringState } from './read-state.ts';
export { removeStateFile } from './state-file.ts';
export { splitSql } from './sql-tokens.ts';
export { readsOnly } from './statement-class.ts';
export { postgresArms } from './arms.ts';
export type { SteeringArm } from './database.ts';
