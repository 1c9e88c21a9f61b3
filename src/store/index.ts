// store: the rolling history of a host, as write-ahead Arrow logs and sealed Parquet segments, with
// time-range reads. It does not collect, convert units or train. Formats: wal-layout.ts, segment-layout.ts.
export { openHistory } from './history.ts';
export type { History, HistoryKind, HistoryOptions, HistoryRows } from './history-contract.ts';
export type { QueryOptions, TimeRange } from './query.ts';
export type { HistoryStats, KindStats } from './stats.ts';
export type { Recovered } from './wal-file.ts';
