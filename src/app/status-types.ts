// What a running host says of itself, as plain JSON. Types only.
import type { CollectorHealth } from '../collect/index.ts';
import type { Decision, Explanation, OptimizerStats } from '../optimize/index.ts';
import type { HistoryStats } from '../store/index.ts';
import type { BridgeStats } from '../wire/index.ts';
import type { HostConfig } from './config.ts';
import type { SamplesStatus } from './sample-service.ts';

/** A decision without functions and promises. */
export interface DecisionSummary {
  timestamp: number;
  label: string;
  probabilities: Record<string, number> | null;
  source: string;
  modelVersion: string | null;
  reason: string;
  mode: string;
  budgetBytes: number;
  plan: Decision['plan'];
  refusals: Decision['refusals'];
  decisionUs: number;
}

/** The status of a running host. */
export interface HostStatus {
  pid: number;
  home: string;
  uptimeSeconds: number;
  config: HostConfig;
  acting: boolean;
  samples: number;
  missed: number;
  health: readonly CollectorHealth[];
  memory: { totalKib: number; availableKib: number } | null;
  history: HistoryStats;
  model: {
    live: string | null;
    /** True while the bundled model decides. */
    isBaseline: boolean;
  };
  decisions: Omit<OptimizerStats, 'lastDecision'> & { lastDecision: DecisionSummary | null };
  training: { running: boolean; lastError: string | null; lastModel: string | null };
  trainingSamples: SamplesStatus;
  bridge: BridgeStats;
}

/** An explanation as plain JSON. */
export interface ExplanationSummary extends Omit<Explanation, 'decision'> {
  decision: DecisionSummary;
}
