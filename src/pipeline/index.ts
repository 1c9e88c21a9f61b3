// pipeline: rows from a source through stages into a sink, in bounded memory; what a native plan can do, one does.
// Not what the rows mean: histories, exports, features and models bring their own sources, stages and sinks.
export type * from './contract.ts';

export {
  asOfStrategies,
  bin,
  cast,
  castTypes,
  drop,
  dropValues,
  fill,
  filter,
  groupBy,
  jitter,
  join,
  joinKinds,
  joinOnTime,
  normalize,
  normalizeMethods,
  oneHot,
  rename,
  sample,
  select,
  sort,
  windowed,
  windowFunctions,
  withColumns,
} from './plan/stages/index.ts';
export type * from './plan/stages/index.ts';
export { fileSource, sourceFormats } from './plan/file-source.ts';
export type { FileSourceOptions, SourceFormat } from './plan/file-source.ts';
export type { Expression } from './plan/expression.ts';
