// prepare: snapshots → features, labels, split and balanced training sets; keyed hashing of names.
// Not cleaning or export formats, and no I/O: time and data come from the caller.
export { PrepareOptionsError, PrivacyError, TrainingHistoryError } from './errors.ts';
export { buildFeatureSpec, featureNames, featureSpecSha256, lookbackMs, warmupMs } from './feature-spec.ts';
export type { FeatureSpec, FeatureSpecOptions } from './feature-spec.ts';
export { featureTable } from './features.ts';
export type { FeatureDefinition, FeatureInput } from './features.ts';
export { createFeatureExtractor } from './feature-extractor.ts';
export type { FeatureContext, FeatureExtractor } from './feature-extractor.ts';
export { defaultThresholds, labelOutcome, labelRules } from './labels.ts';
export type { HorizonOutcome, LabelThresholds } from './labels.ts';
export { labelSnapshots, unlabelled } from './horizon.ts';
export type { LabelOptions } from './horizon.ts';
export { splitNames } from './split.ts';
export type { SplitName } from './split.ts';
export { buildTrainingSet } from './training-set.ts';
export type { Balance, TrainingSet, TrainingSetOptions } from './training-set.ts';
export { buildHistoryTrainingSet } from './history-training-set.ts';
export type { HistoryTrainingOptions, TrainingHistory } from './history-training-set.ts';
export type { SnapshotSource } from './snapshot-source.ts';
export { trainingBatches } from './training-batches.ts';
export { datasetCard } from './dataset-card.ts';
export type { DatasetCard } from './dataset-card.ts';
export {
  anonymizeProcessRows,
  anonymousProcessKind,
  createAnonymizingKey,
  createNameHasher,
} from './name-hash.ts';
export type { AnonymousProcessRecord, NameHasher } from './name-hash.ts';
export { createAnonymizer } from './anonymizer.ts';
export type { AnonymizedRows, Anonymizer, AnonymizerOptions, ReleasedProcessRecord } from './anonymizer.ts';
export { createLiveAnonymizer } from './live-anonymizer.ts';
export type { LiveAnonymizer, LiveAnonymizerOptions, LiveTable } from './live-anonymizer.ts';
export { restoreAnonymizationPlan } from './anonymization-plan.ts';
export type { AnonymizationPlan } from './anonymization-plan.ts';
export { renderPrivacyReport } from './privacy-report.ts';
export type { PrivacyColumn, PrivacyReport } from './privacy-report.ts';
export { checkLDiversity } from './l-diversity.ts';
export type { LDiversity } from './l-diversity.ts';
export { canonicalJson } from './canonical-json.ts';
export { createOnlineLabeler, createSampleBuilder } from './online-labels.ts';
export type { OnlineLabeler, OnlineLabelerOptions } from './online-labels.ts';
export { readLabelledSamples } from './labelled-samples.ts';
export type { LabelledSamplesOptions } from './labelled-samples.ts';
