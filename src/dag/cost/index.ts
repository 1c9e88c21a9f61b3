// dag/cost: what an operator costs on PostgreSQL, on a small device, on a chip, and how well a model foretells it.
export { PostgresCostModel } from './postgres-cost-model.ts';
export type {
  PgSettingsRow,
  PostgresConstants,
  PostgresCostModelOptions,
  PostgresFit,
} from './postgres-cost-model.ts';
export type { PgClassRow, PgStatsRow } from './statistics.ts';
export { ChipCostModel, EmbeddedCostModel } from './roofline-models.ts';
export type { ChipCostOptions, EmbeddedCostOptions } from './roofline-models.ts';
export { qError, reportCostModel } from './report-cost-model.ts';
export type { CostModelReport, PlanRegret, QErrors } from './report-cost-model.ts';
export { solveNonNegative } from './non-negative-least-squares.ts';
export type { NonNegativeSolution } from './non-negative-least-squares.ts';
