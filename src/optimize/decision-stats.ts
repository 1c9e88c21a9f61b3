// Counts of decisions and their latency. Keeps the last few thousand latencies, nothing else.
import { labels } from '../core/index.ts';
import type { Label } from '../core/index.ts';
import type { Decision } from './decision.ts';
import type { Outcome } from './outcome-tracker.ts';
import type { FallbackCause } from './whether.ts';

/** What the optimizer has done so far. */
export interface OptimizerStats {
  readonly decisions: number;
  /** Decisions for which a live model gave no usable answer (error, not finite, time-out). */
  readonly failures: number;
  /** Decisions the rule answered in place of the model, for whatever cause. */
  readonly fallbacks: number;
  readonly fallbacksByCause: Readonly<Partial<Record<FallbackCause, number>>>;
  readonly byLabel: Readonly<Record<Label, number>>;
  readonly bySource: { readonly model: number; readonly rule: number };
  /** features → label → safeguards, over the last 8192 decisions; null before the first. */
  readonly p50Us: number | null;
  readonly p99Us: number | null;
  readonly actions: number;
  readonly actionFailures: number;
  readonly dryRuns: number;
  readonly refusalsByRule: Readonly<Record<string, number>>;
  /** Events the receiver did not take. */
  readonly eventFailures: number;
  readonly lastDecision: Decision | null;
  readonly lastOutcome: Outcome | null;
  /** Sums over the outcomes seen so far. */
  readonly outcomes: OutcomeSums;
  /** Pages we took that came back since the start, probes among them. */
  readonly ownRefaults: { readonly filePages: number; readonly anonPages: number };
  /** Memory that is free now because of what was taken, KiB: less what keeping it compressed takes. */
  readonly savedKib: number;
}

/** Gain and cost of all actions together. */
export interface OutcomeSums {
  /** Actions whose window has ended. */
  readonly actions: number;
  /** Of these, how many freed nobody knows how much. */
  readonly unknown: number;
  /** Handed to the kernel, by actions whose window has not ended too. */
  readonly advisedKib: number;
  readonly takenKib: number;
  readonly freedKib: number;
  readonly returnedKib: number;
  readonly compressedKib: number;
  readonly majorFaults: number;
  readonly stallUs: number;
}

const NO_OUTCOMES: OutcomeSums = {
  actions: 0,
  unknown: 0,
  advisedKib: 0,
  takenKib: 0,
  freedKib: 0,
  returnedKib: 0,
  compressedKib: 0,
  majorFaults: 0,
  stallUs: 0,
};

function addOutcome(sums: OutcomeSums, outcome: Outcome): OutcomeSums {
  return {
    ...sums,
    actions: sums.actions + 1,
    unknown: sums.unknown + (outcome.freedKib === null ? 1 : 0),
    takenKib: sums.takenKib + outcome.takenKib,
    freedKib: sums.freedKib + (outcome.freedKib ?? 0),
    returnedKib: sums.returnedKib + outcome.returnedKib,
    compressedKib: sums.compressedKib + outcome.compressedKib,
    majorFaults: sums.majorFaults + outcome.majorFaults,
    stallUs: sums.stallUs + outcome.stallUs,
  };
}

/** Keeps the counts. */
export interface StatsKeeper {
  noteDecision(decision: Decision): void;
  noteOutcome(outcome: Outcome): void;
  noteEventFailure(): void;
  read(): Omit<OptimizerStats, 'ownRefaults' | 'savedKib'>;
}

const KEPT = 8192;
const FAILURES: ReadonlySet<FallbackCause> = new Set(['model-error', 'not-finite', 'time-out']);

/** Builds the keeper. */
export function createStatsKeeper(): StatsKeeper {
  const latenciesUs = new Float64Array(KEPT);
  const byLabel = Object.fromEntries(labels.map((label) => [label, 0])) as Record<Label, number>;
  const fallbacksByCause: Partial<Record<FallbackCause, number>> = {};
  const refusalsByRule: Record<string, number> = {};
  const bySource = { model: 0, rule: 0 };
  const counts = { decisions: 0, failures: 0, fallbacks: 0, actions: 0, actionFailures: 0, dryRuns: 0 };
  let eventFailures = 0;
  let lastDecision: Decision | null = null;
  let lastOutcome: Outcome | null = null;
  let outcomes = NO_OUTCOMES;

  const noteFallback = (cause: FallbackCause): void => {
    counts.fallbacks++;
    fallbacksByCause[cause] = (fallbacksByCause[cause] ?? 0) + 1;
    if (FAILURES.has(cause)) counts.failures++;
  };

  return {
    noteDecision(decision) {
      latenciesUs[counts.decisions++ % KEPT] = decision.latency.decisionUs;
      byLabel[decision.label]++;
      bySource[decision.source]++;
      if (decision.fallback !== null) noteFallback(decision.fallback);
      for (const { rule } of decision.refusals) refusalsByRule[rule] = (refusalsByRule[rule] ?? 0) + 1;
      if (decision.mode === 'dry_run') counts.dryRuns++;
      if (decision.mode === 'act') counts.actions++;
      const advisedKib = Math.round((decision.action?.advisedBytes ?? 0) / 1024);
      outcomes = { ...outcomes, advisedKib: outcomes.advisedKib + advisedKib };
      if (decision.action?.error) counts.actionFailures++;
      lastDecision = decision;
    },
    noteOutcome(outcome) {
      lastOutcome = outcome;
      outcomes = addOutcome(outcomes, outcome);
    },
    noteEventFailure: () => eventFailures++,
    read() {
      const sorted = latenciesUs.slice(0, Math.min(counts.decisions, KEPT)).toSorted();
      const quantiles = { p50Us: quantileOf(sorted, 0.5), p99Us: quantileOf(sorted, 0.99) };
      const maps = {
        byLabel: { ...byLabel },
        bySource: { ...bySource },
        fallbacksByCause: { ...fallbacksByCause },
        refusalsByRule: { ...refusalsByRule },
      };
      return { ...counts, ...quantiles, ...maps, eventFailures, lastDecision, lastOutcome, outcomes };
    },
  };
}

/** Nearest-rank quantile of sorted values; null when there are none. */
export function quantileOf(sorted: Float64Array, q: number): number | null {
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? null;
}
