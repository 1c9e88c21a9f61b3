// steer/policy: which arm a statement should run with, learned from runs; and what that would have gained on known latencies.
export type * from './contract.ts';
export { parseLatencyMatrix } from './latency-matrix.ts';
export type { LatencyMatrix, LatencyMatrixOptions } from './latency-matrix.ts';
export { replayMatrix } from './replay.ts';
export type { ReplayOptions, ReplayReport, SeedInterval } from './replay.ts';
export { createPolicy } from './steering-policy.ts';
