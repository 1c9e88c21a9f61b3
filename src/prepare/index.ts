// prepare: snapshots → features, labels, split and balanced training sets; anonymising of releases and streams.
// Not cleaning or export formats, and no I/O: time and data come from the caller.
export { PrepareOptionsError, PrivacyError, TrainingHistoryError } from './errors.ts';
export {
  buildFeatureSpec,
  featureColumns,
  featureNames,
  featureSpecSha256,
  longestWindowMs,
  lookbackMs,
  warmupMs,
  withWindow,
} from './feature-spec.ts';
export type { FeatureSpec, FeatureSpecOptions } from './feature-spec.ts';
export { featureTable } from './features.ts';
export type { FeatureDefinition, FeatureInput } from './features.ts';
export { createFeatureExtractor } from './feature-extractor.ts';
export type { FeatureContext, FeatureExtractor } from './feature-extractor.ts';
export { defaultThresholds, labelOutcome, labelRules } from './labels.ts';
export type { HorizonOutcome, LabelThresholds } from './labels.ts';
export { labelSnapshots, unlabelled } from './horizon.ts';
export type { LabelOptions } from './horizon.ts';
export { coarseSize } from './coarse-size.ts';
export { canPersist, createPersistence } from './persistence.ts';
export { splitNames } from './split.ts';
export type { SplitName } from './split.ts';
export { buildTrainingSet } from './training-set.ts';
export type { StreamedTrainingSet, TrainingFacts, TrainingSet, TrainingSetOptions } from './training-set.ts';
export { readFeatureRows } from './feature-rows.ts';
export { trainingSetDefaults, trainingSetOptions } from './training-set-options.ts';
export type { Balance, TrainingTask } from './training-set-options.ts';
export { actionTimes, buildHistoryTrainingSet } from './history-training-set.ts';
export { ActionTimes } from './action-times.ts';
export { readRowsAt } from './window-rows.ts';
export type { HistoryTrainingOptions, TrainingHistory } from './history-training-set.ts';
export type { SnapshotSource } from './snapshot-source.ts';
export { createTrainingSource, trainingBatches } from './training-batches.ts';
export { datasetCard } from './dataset-card.ts';
export type { DatasetCard } from './dataset-card.ts';
export { createAnonymizer } from './anonymizer.ts';
export { anonymizerDefaults, anonymizerOptions } from './anonymizer-options.ts';
export type { AnonymizedRows, Anonymizer, AnonymizerOptions, ReleasedProcessRecord } from './anonymizer.ts';
export { createLiveAnonymizer } from './live-anonymizer.ts';
export type { LiveAnonymizer, LiveAnonymizerOptions } from './live-anonymizer.ts';
export type { FramePartition, PlanPartitionsOptions } from './read-partitions.ts';
export type { AnonymizationPlan } from './anonymization-plan.ts';
export { renderPrivacyReport } from './privacy-report.ts';
export type { PrivacyColumn, PrivacyReport } from './privacy-report.ts';
export { checkFrameLDiversity, checkLDiversity } from './l-diversity.ts';
export type { LDiversity, LDiversityColumns } from './l-diversity.ts';
export { canonicalSha256 } from './canonical-json.ts';
export { createLastActionReader, createOnlineLabeler, createSampleBuilder } from './online-labels.ts';
export type { ClosedSample, OnlineLabeler, OnlineLabelerOptions } from './online-labels.ts';
export { readLabelledSamples } from './labelled-samples.ts';
export type { LabelledSamplesOptions } from './labelled-samples.ts';
