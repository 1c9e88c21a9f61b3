// steer/tune: the settings of a pipeline job, found in a few runs and verified before they are kept.
export { autotune } from './autotune.ts';
export type { TuneTrial, TuneOptions, TuneResult } from './autotune.ts';
export { findStageBottleneck } from './bottleneck-model.ts';
export type { StageBottleneck, TrialRun } from './bottleneck-model.ts';
export { describeConfiguration } from './configuration.ts';
export type { JobConfiguration, JobKnobs } from './configuration.ts';
export { untunableJobError } from './errors.ts';
export { encodeTuneMemory, parseTuneMemory, rememberJob, signJob } from './tune-memory.ts';
export type { JobKind, TunedJob } from './tune-memory.ts';
