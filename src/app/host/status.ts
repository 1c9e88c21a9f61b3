// What a running host says of itself, built from the parts' own figures.
import { labels } from '../../core/index.ts';
import type { TaskStatuses } from '../../client/index.ts';
import type { MemorySnapshot } from '../../core/index.ts';
import type { Decision, Explanation, OptimizerStats } from '../../optimize/index.ts';
import { isBaseline } from '../models/baseline.ts';
import type { Deployment, Host } from './host-types.ts';
import { readFaults } from '../serve/last-net.ts';
import { readLogStats } from '../serve/serve-log.ts';
import { paysOff, readOwnMemory, readTargetKib } from '../serve/own-memory.ts';
import type { NamedTargets } from './config.ts';
import type { SamplingCounters } from './sampling-health.ts';
import type { OutletsStatus } from '../serve/outlets-status.ts';
import type { DecisionSummary, ExplanationSummary, HostStatus } from './status-types.ts';

/** Builds the status from a host and the counters only it has. */
export function buildStatus(
  host: Pick<
    Host,
    | 'home'
    | 'config'
    | 'isActing'
    | 'latest'
    | 'history'
    | 'models'
    | 'tasks'
    | 'optimizer'
    | 'training'
    | 'samples'
    | 'bridge'
    | 'remote'
  >,
  counters: {
    /** On the clock of `performance.now()`. */
    startedMs: number;
    sampling: SamplingCounters;
    baselineStamp: string | null;
    lastDeployment: Deployment | null;
    outlets: OutletsStatus;
  },
): HostStatus {
  const { lastDecision, ...decisions } = host.optimizer.stats();
  const { sampling } = counters;
  const snapshot = host.latest?.snapshot;
  return {
    pid: process.pid,
    home: host.home.root,
    uptimeSeconds: (performance.now() - counters.startedMs) / 1000,
    config: host.config,
    acting: host.isActing,
    samples: sampling.samples,
    missed: sampling.missed,
    skipped: sampling.skipped,
    health: sampling.parts,
    memory: snapshot ? describeMemory(snapshot, host.config.targets, decisions) : null,
    history: host.history.stats(),
    historyHealth: host.history.health(),
    model: {
      live: host.models.liveVersion,
      isBaseline: isBaseline(host.models.liveVersion, counters.baselineStamp),
      lastDeployment: summariseDeployment(counters.lastDeployment),
      aliasesBehind: host.models.aliasesBehind,
    },
    tasks: host.tasks.status(),
    decisions: { ...decisions, lastDecision: lastDecision && describeDecision(lastDecision) },
    training: host.training.state(),
    trainingSamples: host.samples.status(),
    bridge: host.bridge.stats(),
    remote: host.remote?.status() ?? null,
    outlets: counters.outlets,
    faults: readFaults(),
    log: readLogStats(),
  };
}

function summariseDeployment(deployment: Deployment | null): HostStatus['model']['lastDeployment'] {
  if (deployment === null) return null;
  const { name, version, isLive, reason } = deployment;
  return { reference: `${name}@${version}`, isLive, reason };
}

function describeMemory(
  snapshot: MemorySnapshot,
  targets: NamedTargets,
  { outcomes, savedKib }: Pick<OptimizerStats, 'outcomes' | 'savedKib'>,
): HostStatus['memory'] {
  const own = readOwnMemory();
  return {
    totalKib: snapshot.mem_total_kib,
    availableKib: snapshot.mem_available_kib,
    own,
    paysOff: paysOff({
      ownKib: own.rssKib,
      targetKib: readTargetKib(targets),
      savedKib: outcomes.actions === 0 ? null : savedKib,
    }),
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
    goal: decision.goal,
    shortages: decision.shortages,
    plan: decision.plan,
    refusals: decision.refusals,
    decisionUs: decision.latency.decisionUs,
  };
}

/** An explanation without functions and promises. */
export function describeExplanation(explanation: Explanation, tasks: TaskStatuses): ExplanationSummary {
  return { ...explanation, decision: describeDecision(explanation.decision), tasks };
}
