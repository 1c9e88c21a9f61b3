// store: the rolling history of a host, as write-ahead Arrow logs and sealed Parquet segments, with
// time-range reads, and the training samples (APR2). It does not collect, convert units or train.
// Formats: wal-layout.ts, segment-layout.ts, apr/apr-file.ts, apr/apr-journal.ts.
export { DEFAULT_RETAIN_DAYS, DEFAULT_RETAIN_MIB } from './directory-history.ts';
export { openHistory } from './history.ts';
export { buildRowsFrame } from './lazy-frame.ts';
export type { History, HistoryOptions, HistoryRows } from './history-contract.ts';
export type { HistoryHealth, HistoryStats, KindStats } from './stats.ts';
export type { Recovered } from './wal-file.ts';
export { loadApr, loadOrCreate, saveApr } from './apr/apr-api.ts';
export { cachePath, hardwareId, readHardware } from './apr/hardware-id.ts';
export type { HardwareFacts } from './apr/hardware-id.ts';
export { readSamples } from './apr/read-samples.ts';
export type { SamplesOnDisk } from './apr/read-samples.ts';
export { openSampleStore } from './apr/sample-store.ts';
export type { SampleStore, SampleStoreOptions } from './apr/sample-store.ts';
export { TunerDataCollector } from './apr/tuner-data-collector.ts';
export type { CollectorSettings, RetrainDue } from './apr/tuner-data-collector.ts';
export type { FeedbackStats } from './apr/error-window.ts';
