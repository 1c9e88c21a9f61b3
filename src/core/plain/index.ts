// What of core needs no Arrow: for threads and processes that answer with a model and must stay small.
export { RuvectorError, systemCodeOf } from '../errors.ts';
export { adviseOn } from '../system-advice.ts';
export { isAlive, readStartTicks } from '../process-identity.ts';
export { findWindowFlaw, parseWindowColumn, stepsWithin, windowColumns } from '../feature-window.ts';
export type { FeatureWindow } from '../feature-window.ts';
export { findProbabilityFlaw } from '../probabilities.ts';
export { labels } from '../records.ts';
export { sha256Of } from '../sha256.ts';
