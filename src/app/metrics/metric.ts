// One metric of the page: its name, what it means, and where in the daemon's state its value is. Pure.
// Names: https://prometheus.io/docs/practices/naming/ (base units, `_total` for counters).
import type { CollectorHealth } from '../../collect/index.ts';
import type { MemorySnapshot } from '../../core/index.ts';
import type { OptimizerStats } from '../../optimize/index.ts';
import type { HistoryHealth, HistoryStats } from '../../store/index.ts';
import type { BridgeStats } from '../../bridge/index.ts';
import type { RemoteStatus } from '../remote/remote-types.ts';
import type { TaskStatuses } from '../../client/index.ts';
import type { HostConfig } from '../host/config.ts';
import type { HostCounters } from '../host/host-types.ts';
import type { SinkStats } from '../events/event-sink.ts';
import type { SamplesStatus } from '../host/sample-service.ts';
import type { StreamTotals } from '../streams/stream-service.ts';
import type { TrainingState } from '../training/training-types.ts';
import type { HappenedCounts } from './happened.ts';
import type { OwnProcess } from './own-process.ts';

/** What one scrape is made of: read once, from state the daemon has anyway. */
export interface MetricsSource {
  readonly version: string;
  readonly config: HostConfig;
  readonly isActing: boolean;
  readonly counters: HostCounters;
  /** Null before the first sample. */
  readonly snapshot: MemorySnapshot | null;
  readonly health: readonly CollectorHealth[];
  readonly decisions: OptimizerStats;
  readonly tasks: TaskStatuses;
  readonly history: HistoryStats;
  /** Null where the history does not say. */
  readonly historyHealth: HistoryHealth;
  readonly model: DecidingModel | null;
  readonly happened: HappenedCounts;
  readonly training: TrainingState;
  readonly trainingSamples: SamplesStatus;
  readonly streams: readonly StreamTotals[];
  readonly bridge: BridgeStats;
  readonly remote: RemoteStatus | null;
  readonly sinks: readonly SinkStats[];
  readonly own: OwnProcess;
}

/** The model that decides. */
export interface DecidingModel {
  readonly name: string;
  readonly version: string;
  readonly sha256: string;
  readonly createdMs: number;
  /** When it began to decide in this process. */
  readonly liveSinceMs: number;
}

/** A value with the values of its labels. */
export type Labelled = readonly [labels: Readonly<Record<string, string>>, value: Value];

/** What the host lacks is null or undefined, and absent from the page: never 0. */
export type Value = number | null | undefined;

/** A gauge or a counter. */
export interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: 'gauge' | 'counter';
  /** Names of its labels; each has few values, all of them known beforehand. @default none */
  readonly labels?: readonly string[];
  readonly read: (source: MetricsSource) => Value | readonly Labelled[];
}

/** Builds a gauge. */
export const gauge = (
  name: string,
  help: string,
  read: Metric['read'],
  labels: readonly string[] = [],
): Metric => ({ name, help, type: 'gauge', labels, read });

/** Builds a counter. */
export const counter = (
  name: string,
  help: string,
  read: Metric['read'],
  labels: readonly string[] = [],
): Metric => ({ name, help, type: 'counter', labels, read });

/** One series for each entry of a record. */
export const byKey = (label: string, values: Readonly<Record<string, Value>>): Labelled[] =>
  Object.entries(values).map(([key, value]): Labelled => [{ [label]: key }, value]);

/** A value in another unit; what is missing stays missing. */
export const converted = (value: Value, convert: (value: number) => number): Value =>
  value == null ? null : convert(value);

/** Bytes in a KiB. */
export const KIB = 1024;
export const kibToBytes = (kib: number): number => kib * KIB;
/** Divided, not multiplied: that gives the nearest number there is. */
export const usToSeconds = (us: number): number => us / 1e6;
