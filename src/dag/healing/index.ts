// dag/healing: finds what is wrong with a query or a pipeline, before or after it shows, and has it repaired. Imports
// nothing of src/dag: what it reads of a min cut is a few numbers.
export { AnomalyDetector } from './anomaly-detector.ts';
export type { AnomalyOptions, DriftMonitor } from './anomaly-detector.ts';
export { Cusum, PageHinkley } from './drift.ts';
export type { CusumOptions, DriftDirection, PageHinkleyOptions } from './drift.ts';
export { TensionForecast } from './forecast.ts';
export type { TensionCrossing, Forecast, ForecastOptions } from './forecast.ts';
export { HealingOrchestrator } from './healing-orchestrator.ts';
export type { HealingCycle, HealingOptions, HealingSuggestion } from './healing-orchestrator.ts';
export { parseNabSeries, parseNabWindows } from './nab-files.ts';
export type { LabelledSeries, NabWindows } from './nab-files.ts';
export { nabProfiles, scoreNab } from './nab-score.ts';
export type { NabProfile, NabScore, NabScoreOptions, ScoredSeries } from './nab-score.ts';
export type { PredictiveOptions } from './prediction.ts';
export type { Repair, RepairAttempt, RepairOutcome } from './repair.ts';
export type {
  AnomalyTrouble,
  TensionBottleneck,
  DriftTrouble,
  PredictedTrouble,
  TensionAnalysis,
  Trouble,
} from './trouble.ts';
