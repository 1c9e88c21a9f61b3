// export: what a history holds, as files and published datasets. Where rows come from is a port; rows
// are collected, labelled and anonymised in other rooms.
export { createDataExporter } from './data-exporter.ts';
export type {
  DataExportProgress,
  DataExportStats,
  DataExporter,
  DataExporterOptions,
  ExportRunOptions,
  StartStreamOptions,
} from './data-exporter.ts';
export type { ExportConfig, ExportTable, LabelType, TrainingDataConfig } from './export-options.ts';
export { parseTime } from './export-times.ts';
export type { TimeLike } from './export-times.ts';
export { describeExposure } from './exposure.ts';
export type { Exposure } from './exposure.ts';
export type { Compression, ExportFormat, ExportProgress, ExportStats } from './file-contract.ts';
export type { ExportSource } from './export-plan.ts';
export type { TrainingDataStats } from './training-export.ts';
