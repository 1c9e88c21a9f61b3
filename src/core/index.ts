// core: record schemas, units, errors, clock and ports. No I/O, imports no other room.
export { RuvectorError, isRuvectorError, messageOf, systemCodeOf } from './errors.ts';
export type { RuvectorErrorOptions } from './errors.ts';
export { extras, findMissingPackages, requireExtra } from './extras.ts';
export type { Extra, ExtraName } from './extras.ts';
export { countEdits, findNearest } from './nearest-name.ts';
export { adviseOn, adviseOnReading } from './system-advice.ts';
export { bootMsOf, systemClock } from './clock.ts';
export type { Clock } from './clock.ts';
export { createSteadyTime } from './steady-time.ts';
export type { ClockStep, Instant, SteadyTime } from './steady-time.ts';
export { findUserHome, homeParts, partOf, resolveHome, userFolder } from './home.ts';
export type { Home, HomePart, UserPlace } from './home.ts';
export { isAlive, readCommandLine, readStartTicks } from './process-identity.ts';
export { optional, required, withPrivacy } from './fields.ts';
export type { AnyRow, Field, FieldType, PrivacyRole, RecordKind, RowOf } from './fields.ts';
export { labels, memoryKind, optimizationKind, processKind, recordKinds, trainingKind } from './records.ts';
export type { Label, MemorySnapshot, OptimizationEvent, ProcessRecord } from './records.ts';
export { createValueReader } from './value-reader.ts';
export { buildRecordBatch, encodeSchema, rowsOf, toArrowSchema } from './arrow.ts';
export {
  buildBatch,
  buildData,
  buildColumn,
  buildIntegers,
  buildNames,
  joinHalves,
  readNullableNumbers,
  timesOf,
  toNumbers,
} from './columns.ts';
export type { ColumnValues } from './columns.ts';
export { buildMessagePlanner, decodeBatchMessage, findDictionaryField } from './batch-message.ts';
export type { MessagePlan, MessagePlanner } from './batch-message.ts';
export { canConcat, concatRows } from './concat-rows.ts';
export type { RowRun } from './concat-rows.ts';
export { takeRows } from './take-rows.ts';
export { toAdrMemorySnapshot, toAdrOptimizationEvent, toAdrProcessRecord, usedPercentOf } from './adr.ts';
export type { AdrMemorySnapshot, AdrOptimizationEvent, AdrProcessRecord, Arithmetic } from './adr.ts';
export { toParquetSchema } from './parquet-schema.ts';
export {
  MAX_WINDOW_STEPS,
  describeWindow,
  findWindowFlaw,
  parseWindowColumn,
  stepsWithin,
  windowColumns,
  windowSpanMs,
} from './feature-window.ts';
export type { FeatureWindow, RowHistory } from './feature-window.ts';
export { createSeededRandom } from './seeded-random.ts';
export { sha256Of } from './sha256.ts';
export { buildAdrView } from './adr-view.ts';
export type { AdrView, ViewColumn } from './adr-view.ts';
export {
  completeOptions,
  defaultsOf,
  describeDefault,
  describeMs,
  describeWanted,
  findProblems,
  flagOf,
  toWireName,
} from './options.ts';
export type { OptionDefaults, OptionEntry, OptionMapping, OptionTable, OptionValues } from './options.ts';
export type {
  BatchSink,
  BatchSource,
  BatchTransform,
  HistoryKind,
  HistoryPartition,
  HistoryReader,
  PartitionOptions,
  PartitionReader,
  Prediction,
  Predictor,
  QueryOptions,
  TimeRange,
} from './ports.ts';
export { clipProbabilities, findProbabilityFlaw } from './probabilities.ts';
export { memoryFeatureFields } from './training-sample.ts';
export type { MemoryFeatureName, MemoryFeatures, TrainingSample } from './training-sample.ts';
export { loadPolars } from './polars.ts';
export type { Polars } from './polars.ts';
