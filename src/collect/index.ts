// collect: samples of this host's memory and processes (Linux /proc, elsewhere systeminformation).
// Only reads; acting on what it sees is the optimize room's work.
export { DEFAULT_PROCESS_INTERVAL_MS, createCollector } from './collector.ts';
export type { Collector, CollectorOptions, Sample } from './collector.ts';
export type { BadColumn, CollectorHealth } from './health.ts';
export { sampleAtRate } from './sample-at-rate.ts';
export type { SampleAtRateOptions, SampleStream } from './sample-at-rate.ts';
export { readProcessSample } from './process-sample.ts';
export type { ProcessSample } from './process-sample.ts';
