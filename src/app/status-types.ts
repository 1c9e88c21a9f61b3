// What a running host says of itself, as plain JSON: the contract with its clients (src/client/answers.ts) and
// what only this command line shows. Types only.
import type { DaemonStatus, DecisionSummary } from '../client/index.ts';
import type { CollectorHealth } from '../collect/index.ts';
import type { OptimizerStats } from '../optimize/index.ts';
import type { HistoryStats } from '../store/index.ts';
import type { BridgeStats } from '../wire/index.ts';
import type { HostConfig } from './config.ts';
import type { Faults } from './last-net.ts';
import type { LogStats } from './log.ts';
import type { OwnMemory, PaysOff } from './own-memory.ts';
import type { SamplesStatus } from './sample-service.ts';

export type { DecisionSummary, ExplanationSummary } from '../client/index.ts';

/** The status of a running host. */
export interface HostStatus extends DaemonStatus {
  pid: number;
  home: string;
  uptimeSeconds: number;
  config: HostConfig;
  acting: boolean;
  samples: number;
  missed: number;
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
  model: DaemonStatus['model'];
  decisions: Omit<OptimizerStats, 'lastDecision'> & { lastDecision: DecisionSummary | null };
  training: { running: boolean; lastError: string | null; lastModel: string | null };
  trainingSamples: SamplesStatus;
  bridge: BridgeStats;
  /** Errors that nobody caught; more than none is a bug. */
  faults: Faults;
  log: LogStats;
}
