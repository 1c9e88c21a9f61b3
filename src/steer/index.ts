// What acts on query DAGs: the door of src/steer, published as `ruvector-memopt/steer`.
export { createPolicy, parseLatencyMatrix, replayMatrix } from './policy/index.ts';
export type * from './policy/index.ts';
export {
  autotune,
  describeConfiguration,
  encodeTuneMemory,
  findStageBottleneck,
  parseTuneMemory,
  rememberJob,
  signJob,
  untunableJobError,
} from './tune/index.ts';
export type * from './tune/index.ts';
