// client: the product from a notebook cell or a script, through the daemon of the home, which it starts when
// none runs. It computes nothing itself. Guide: docs/client.md
export { collector, createClient, exporter, models, optimizer, rv, trainer } from './client.ts';
export type { Client, ClientOptions, ClientPage, ClientStatus } from './client.ts';
export type {
  DaemonStatus,
  DecisionSummary,
  ExplanationSummary,
  TaskStatus,
  TaskStatuses,
  TrainingAnswer,
} from './answers.ts';
export type { ClientCollector, CollectOptions, ReadHistoryOptions } from './collector.ts';
export type { TableName } from './data-frame.ts';
export type { DaemonOptions } from './daemon-process.ts';
export type {
  ExportOptions,
  ExportReport,
  Exporter,
  TrainingExportOptions,
  TrainingExportReport,
} from './exporter.ts';
export type { Interruptible } from './interruptible.ts';
export type { CallOptions, LiveModel, Models, SwapSummary, VerifySummary } from './models.ts';
export type { ClientOptimizer, DecideOptions, DecisionReport, ExplanationReport } from './optimizer.ts';
export { startProgress } from './progress.ts';
export type { ProgressBar, StartProgress } from './progress.ts';
export { toWireNames } from './wire-names.ts';
export type { TrainDataset, TrainDurations, TrainOptions, Trainer, TrainingReport } from './trainer.ts';
export { findingsOf } from './training-findings.ts';
export type {
  Calibration,
  FeatureImportance,
  RuleComparison,
  TrainingFindings,
} from './training-findings.ts';
