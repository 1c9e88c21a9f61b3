// dag/sona: learns from each run of a plan, in the background. Knows graph only.
export { DagSonaEngine } from './engine.ts';
export type { SonaState, StartedLearning } from './engine.ts';
export type { SonaOptions, SonaSettings } from './options.ts';
export { learn } from './learn.ts';
export type { LearningReport, LearningResult, LearningTask } from './learn.ts';
export { fitBaseHead } from './base-head.ts';
export type { BaseHeadOptions, BaseHeadRow } from './base-head.ts';
export { embedPlan } from './plan-embedding.ts';
export type { EmbeddingPart, PlanEmbedding } from './plan-embedding.ts';
export { RecursiveLeastSquares } from './recursive-least-squares.ts';
export type { RecursiveLeastSquaresOptions } from './recursive-least-squares.ts';
export type { SonaPattern } from './network-pattern.ts';
export type { MechanismStats, TrajectoryStats } from './trajectory-stats.ts';
export { openSonaWorker } from './worker/sona-thread.ts';
export type { SonaWorker } from './worker/sona-thread.ts';
