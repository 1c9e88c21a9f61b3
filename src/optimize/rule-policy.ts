// The rule that answers when no model can: published pressure and available-memory thresholds.
// It learns nothing; the model is measured against it.
import { labels } from '../core/index.ts';
import type { Label, MemorySnapshot } from '../core/index.ts';
import { createPressureMeter } from './pressure-meter.ts';
import type { Pressure } from './pressure-meter.ts';
import type { DecisionInput, WhetherDecision, WhetherPolicy } from './whether.ts';

/** One threshold of the rule. */
export interface RuleThreshold {
  readonly label: Label;
  readonly signal: 'available' | 'psi-some' | 'psi-full';
  /** Share 0–1; available fires at or below it, pressure at or above it. */
  readonly limit: number;
  readonly source: string;
}

/**
 * GLib's GMemoryMonitor PSI back end warns low, medium and critical at 70 ms some, 100 ms some and
 * 100 ms full in 2 s. earlyoom ends processes at 10 % available, Fedora's variant at 4 %.
 * 20 % is ours: twice earlyoom's, so that something gentle comes first.
 */
export const RULE_THRESHOLDS: readonly RuleThreshold[] = [
  { label: 'Critical', signal: 'psi-full', limit: 0.05, source: 'GMemoryMonitor critical' },
  { label: 'Critical', signal: 'available', limit: 0.04, source: 'earlyoom on Fedora' },
  { label: 'ShouldOptimizeAggressive', signal: 'psi-some', limit: 0.05, source: 'GMemoryMonitor medium' },
  { label: 'ShouldOptimizeAggressive', signal: 'available', limit: 0.1, source: 'earlyoom default' },
  { label: 'ShouldOptimize', signal: 'psi-some', limit: 0.035, source: 'GMemoryMonitor low' },
  { label: 'ShouldOptimize', signal: 'available', limit: 0.2, source: 'twice earlyoom default' },
];

/** Options of {@link createRulePolicy}. */
export interface RulePolicyOptions {
  /** @default {@link RULE_THRESHOLDS} */
  readonly thresholds?: readonly RuleThreshold[];
}

/**
 * Builds the rule policy. Pressure is the share of time over the last 2 s of snapshots it was shown
 * (GMemoryMonitor's window); before there are two, the features `psi_memory_some` and
 * `psi_memory_full` (shares 0–1) stand in.
 */
export function createRulePolicy({ thresholds = RULE_THRESHOLDS }: RulePolicyOptions = {}): WhetherPolicy {
  const meter = createPressureMeter(2000, 1000);
  const bySeverity = thresholds.toSorted((a, b) => labels.indexOf(b.label) - labels.indexOf(a.label));
  return {
    decide(input) {
      meter.observe(input.snapshot, input.monotonicMs);
      const pressure = meter.read();
      const someFraction = pressure.someFraction ?? featureOf(input, 'psi_memory_some');
      const fullFraction = pressure.fullFraction ?? featureOf(input, 'psi_memory_full');
      return Promise.resolve(decideByRule(input.snapshot, { someFraction, fullFraction }, bySeverity));
    },
  };
}

function featureOf({ features, featureNames }: DecisionInput, name: string): number | null {
  const value = features[featureNames.indexOf(name)];
  return value === undefined || !Number.isFinite(value) ? null : value;
}

/** Applies the first threshold that fires, most severe first. */
export function decideByRule(
  snapshot: Pick<MemorySnapshot, 'mem_available_kib' | 'mem_total_kib'>,
  pressure: Pick<Pressure, 'someFraction' | 'fullFraction'>,
  bySeverity: readonly RuleThreshold[],
): WhetherDecision {
  const values = {
    available: snapshot.mem_available_kib / snapshot.mem_total_kib,
    'psi-some': pressure.someFraction,
    'psi-full': pressure.fullFraction,
  };
  const fired = bySeverity.find(({ signal, limit }) => {
    const value = values[signal];
    if (value === null) return false;
    return signal === 'available' ? value <= limit : value >= limit;
  });
  const common = { probabilities: null, source: 'rule', modelVersion: null } as const;
  if (fired === undefined) {
    const text = `available ${percent(values.available)}, no threshold fired`;
    return { ...common, label: 'NoActionNeeded', reason: text };
  }
  const relation = fired.signal === 'available' ? '<=' : '>=';
  const text = `${fired.signal} ${percent(values[fired.signal])} ${relation} ${percent(fired.limit)} (${fired.source})`;
  return { ...common, label: fired.label, reason: text };
}

const percent = (share: number | null): string =>
  share === null || !Number.isFinite(share) ? 'unknown' : `${(share * 100).toFixed(1)} %`;
