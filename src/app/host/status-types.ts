// What a running host says of itself, as plain JSON: the contract with its clients (src/client/answers.ts) and
// what only this command line shows. Types only.
import type { DaemonStatus, DecisionSummary } from '../../client/index.ts';
import type { CollectorHealth } from '../../collect/index.ts';
import type { OptimizerStats } from '../../optimize/index.ts';
import type { HistoryHealth, HistoryStats } from '../../store/index.ts';
import type { BridgeStats } from '../../bridge/index.ts';
import type { RemoteStatus } from '../remote/remote-types.ts';
import type { HostConfig } from './config.ts';
import type { Faults } from '../serve/last-net.ts';
import type { LogStats } from '../serve/log.ts';
import type { OwnMemory, PaysOff } from '../serve/own-memory.ts';
import type { SkippedSamples } from './sampling-health.ts';
import type { OutletsStatus } from '../serve/outlets-status.ts';
import type { SamplesStatus } from './sample-service.ts';
import type { TrainingState } from '../training/training-types.ts';

export type { DecisionSummary, ExplanationSummary } from '../../client/index.ts';

/** The status of a running host. */
export interface HostStatus extends DaemonStatus {
  pid: number;
  home: string;
  uptimeSeconds: number;
  config: HostConfig;
  acting: boolean;
  samples: number;
  missed: number;
  /** Samples of which a part failed, and why the last did. */
  skipped: SkippedSamples;
  health: readonly CollectorHealth[];
  memory: {
    totalKib: number;
    availableKib: number;
    /** What the daemon takes, all its processes together; at most 10 s old. */
    own: OwnMemory;
    /** Whether that is less than it gives back. */
    paysOff: PaysOff;
  } | null;
  history: HistoryStats;
  /** Whether samples reach the disk. */
  historyHealth: HistoryHealth;
  model: DaemonStatus['model'];
  decisions: Omit<OptimizerStats, 'lastDecision'> & { lastDecision: DecisionSummary | null };
  training: TrainingState;
  trainingSamples: SamplesStatus;
  bridge: BridgeStats;
  /** The bridge as other hosts reach it; null where they do not. */
  remote: RemoteStatus | null;
  /** What leaves this host without being asked for over the bridge. */
  outlets: OutletsStatus;
  /** Errors that nobody caught; more than none is a bug. */
  faults: Faults;
  log: LogStats;
}
