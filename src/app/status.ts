// What a running host says of itself: plain JSON for machines, built from the parts' own figures.
import type { CollectorHealth } from '../collect/index.ts';
import type { Decision, Explanation, OptimizerStats } from '../optimize/index.ts';
import { labels } from '../core/index.ts';
import type { HistoryStats } from '../store/index.ts';
import type { BridgeStats } from '../wire/index.ts';
import type { HostConfig } from './config.ts';
import type { Host } from './host.ts';

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
  model: { live: string | null };
  decisions: Omit<OptimizerStats, 'lastDecision'> & { lastDecision: DecisionSummary | null };
  training: { running: boolean; lastError: string | null; lastModel: string | null };
  bridge: BridgeStats;
}

/** Builds the status from a host and the counters only it has. */
export function buildStatus(
  host: Pick<
    Host,
    'home' | 'config' | 'isActing' | 'latest' | 'history' | 'models' | 'optimizer' | 'training' | 'bridge'
  >,
  counters: { startedMs: number; samples: number; missed: number },
): HostStatus {
  const { lastDecision, ...decisions } = host.optimizer.stats();
  const snapshot = host.latest?.snapshot;
  return {
    pid: process.pid,
    home: host.home.root,
    uptimeSeconds: (Date.now() - counters.startedMs) / 1000,
    config: host.config,
    acting: host.isActing,
    samples: counters.samples,
    missed: counters.missed,
    health: host.latest?.health ?? [],
    memory: snapshot ? { totalKib: snapshot.mem_total_kib, availableKib: snapshot.mem_available_kib } : null,
    history: host.history.stats(),
    model: { live: host.models.liveVersion },
    decisions: { ...decisions, lastDecision: lastDecision && describeDecision(lastDecision) },
    training: host.training.state(),
    bridge: host.bridge.stats(),
  };
}

/** A decision as plain JSON. */
export function describeDecision(decision: Decision): DecisionSummary {
  const { probabilities } = decision;
  return {
    timestamp: decision.timestamp,
    label: decision.label,
    probabilities:
      probabilities && Object.fromEntries(labels.map((label, i) => [label, probabilities[i] ?? 0])),
    source: decision.source,
    modelVersion: decision.modelVersion,
    reason: decision.reason,
    mode: decision.mode,
    budgetBytes: decision.budgetBytes,
    plan: decision.plan,
    refusals: decision.refusals,
    decisionUs: decision.latency.decisionUs,
  };
}

/** An explanation as plain JSON. */
export interface ExplanationSummary extends Omit<Explanation, 'decision'> {
  decision: DecisionSummary;
}

/** An explanation without functions and promises. */
export function describeExplanation(explanation: Explanation): ExplanationSummary {
  return { ...explanation, decision: describeDecision(explanation.decision) };
}
