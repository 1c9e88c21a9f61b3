// What a label means: thresholds on what was observed in the horizon after a snapshot. Pure; the
// sliding window that observes is in horizon.ts. The table with sources is docs/labels.md.
import { labels } from '../core/index.ts';
import type { Label } from '../core/index.ts';

/** Thresholds of the labels. Reaching one gives its label; the most severe one wins. */
export interface LabelThresholds {
  /** Share of the horizon in which some task stalled on memory → ShouldOptimize. */
  readonly stallSomeShould: number;
  /** The same → ShouldOptimizeAggressive. */
  readonly stallSomeAggressive: number;
  /** Share of the horizon in which all tasks stalled on memory → Critical. */
  readonly stallFullCritical: number;
  /**
   * Pages that came back (file refaults, and swap-ins or anonymous refaults, less those the optimizer itself had paged
   * out), percent of memory in use per minute → ShouldOptimize, together with `stallSomeWithComeback`.
   */
  readonly comebackPercentPerMinuteShould: number;
  /** Share of the horizon in which some task stalled on memory, without which pages that came back do not count. */
  readonly stallSomeWithComeback: number;
  /** Lowest MemAvailable in percent of MemTotal → ShouldOptimizeAggressive when at or below. */
  readonly availablePercentAggressive: number;
  /** The same → Critical. */
  readonly availablePercentCritical: number;
  /**
   * A kill counts as the host's own at or below `availablePercentAggressive`, or at or below this while tasks had to
   * reclaim for the host in the same step.
   */
  readonly oomReclaimAvailablePercent: number;
}

/** The default thresholds, most of them from systems in production: docs/labels.md. */
export const defaultThresholds: LabelThresholds = {
  stallSomeShould: 0.001,
  stallSomeAggressive: 0.035,
  stallFullCritical: 0.05,
  comebackPercentPerMinuteShould: 0.2,
  stallSomeWithComeback: 0.0005,
  availablePercentAggressive: 10,
  availablePercentCritical: 4,
  oomReclaimAvailablePercent: 50,
};

/** What was observed over the horizon (t, t + horizonMs]. NaN where the host lacks the counter. */
export interface HorizonOutcome {
  /** Share of the horizon stalled, 0 to 1. */
  readonly stallSome: number;
  readonly stallFull: number;
  readonly comebackPercentPerMinute: number;
  readonly minAvailablePercent: number;
  /** Kills for want of the host's memory, or in the memory cgroup of this process; those of other cgroups are not counted. */
  readonly oomKills: number;
}

interface Condition {
  readonly signal: keyof HorizonOutcome;
  readonly reached: 'at or above' | 'at or below' | 'above';
  readonly threshold: keyof LabelThresholds | 0;
}

interface LabelRule extends Condition {
  readonly label: Label;
  /** What must be reached as well. */
  readonly and?: Condition;
  readonly source: string;
}

/** The rules, as data: they decide the label and are printed in every dataset card. */
export const labelRules: readonly LabelRule[] = [
  rule(
    'Critical',
    'oomKills',
    'above',
    0,
    'the kernel killed a process for want of host memory, or in our own memory cgroup',
  ),
  rule(
    'Critical',
    'stallFull',
    'at or above',
    'stallFullCritical',
    'GLib GMemoryMonitor: full 100 ms of 2 s',
  ),
  rule(
    'Critical',
    'minAvailablePercent',
    'at or below',
    'availablePercentCritical',
    'earlyoom as Fedora sets it: SIGTERM at 4 % memory',
  ),
  rule(
    'ShouldOptimizeAggressive',
    'stallSome',
    'at or above',
    'stallSomeAggressive',
    'GLib GMemoryMonitor: some 70 ms of 2 s',
  ),
  rule(
    'ShouldOptimizeAggressive',
    'minAvailablePercent',
    'at or below',
    'availablePercentAggressive',
    'earlyoom default: 10 % memory',
  ),
  rule(
    'ShouldOptimize',
    'stallSome',
    'at or above',
    'stallSomeShould',
    'Meta TMO (ASPLOS 2022): PSI some target 0.1 %',
  ),
  {
    ...rule(
      'ShouldOptimize',
      'comebackPercentPerMinute',
      'at or above',
      'comebackPercentPerMinuteShould',
      'Google software-defined far memory (ASPLOS 2019): promotion rate 0.2 % of the working set per minute; half of the PSI target of Meta TMO with it',
    ),
    and: { signal: 'stallSome', reached: 'at or above', threshold: 'stallSomeWithComeback' },
  },
];

/** The label of an outcome, as index into `labels`. A missing signal (NaN) reaches no threshold. */
export function labelOutcome(
  outcome: HorizonOutcome,
  thresholds: LabelThresholds = defaultThresholds,
): number {
  return createOutcomeLabeler(thresholds)(outcome);
}

/** The same for many outcomes. */
export function createOutcomeLabeler(thresholds: LabelThresholds): (outcome: HorizonOutcome) => number {
  const rules = labelRules.map((labelRule) => ({
    label: labels.indexOf(labelRule.label),
    isMet: compileCondition(labelRule, thresholds),
    isAlsoMet: labelRule.and ? compileCondition(labelRule.and, thresholds) : () => true,
  }));
  const none = labels.indexOf('NoActionNeeded');
  return (outcome) => {
    for (let i = 0; i < rules.length; i++) {
      const { label, isMet, isAlsoMet } = rules[i]!;
      if (isMet(outcome) && isAlsoMet(outcome)) return label;
    }
    return none;
  };
}

type IsMet = (outcome: HorizonOutcome) => boolean;

function compileCondition({ signal, reached, threshold }: Condition, thresholds: LabelThresholds): IsMet {
  return comparisons[reached](readers[signal], threshold === 0 ? 0 : thresholds[threshold]);
}

type ReadSignal = (outcome: HorizonOutcome) => number;

// By name, because a read by a name that is only known at run time takes longer than all the rest.
const readers: Readonly<Record<keyof HorizonOutcome, ReadSignal>> = {
  stallSome: ({ stallSome }) => stallSome,
  stallFull: ({ stallFull }) => stallFull,
  comebackPercentPerMinute: ({ comebackPercentPerMinute }) => comebackPercentPerMinute,
  minAvailablePercent: ({ minAvailablePercent }) => minAvailablePercent,
  oomKills: ({ oomKills }) => oomKills,
};

const comparisons: Record<Condition['reached'], (read: ReadSignal, limit: number) => IsMet> = {
  'at or above': (read, limit) => (outcome) => read(outcome) >= limit,
  'at or below': (read, limit) => (outcome) => read(outcome) <= limit,
  above: (read, limit) => (outcome) => read(outcome) > limit,
};

function rule(
  label: Label,
  signal: keyof HorizonOutcome,
  reached: Condition['reached'],
  threshold: Condition['threshold'],
  source: string,
): LabelRule {
  return { label, signal, reached, threshold, source };
}
