// core: record schemas, units, errors, clock and ports. No I/O, imports no other room.
export { RuvectorError, isRuvectorError, messageOf, systemCodeOf } from './errors.ts';
export type { RuvectorErrorOptions } from './errors.ts';
export { systemClock } from './clock.ts';
export type { Clock } from './clock.ts';
export { optional, required, withPrivacy } from './fields.ts';
export type { AnyRow, Field, FieldType, PrivacyRole, RecordKind, RowOf } from './fields.ts';
export { labels, memoryKind, optimizationKind, processKind, recordKinds, trainingKind } from './records.ts';
export type { Label, MemorySnapshot, OptimizationEvent, ProcessRecord } from './records.ts';
export { buildRecordBatch, rowsOf, toArrowSchema } from './arrow.ts';
export { takeRows } from './take-rows.ts';
export { toAdrMemorySnapshot, toAdrOptimizationEvent, toAdrProcessRecord, usedPercentOf } from './adr.ts';
export type { AdrMemorySnapshot, AdrOptimizationEvent, AdrProcessRecord } from './adr.ts';
export { toParquetSchema } from './parquet-schema.ts';
export { buildAdrView } from './adr-view.ts';
export type { AdrView } from './adr-view.ts';
export type { Prediction, Predictor } from './ports.ts';
export { memoryFeatureFields } from './training-sample.ts';
export type { MemoryFeatureName, MemoryFeatures, TrainingSample } from './training-sample.ts';
