// From a snapshot to a draft: label, safeguards of the host, plan. It acts on nothing.
import { messageOf } from '../core/index.ts';
import type { Label } from '../core/index.ts';
import type { DecisionLatency } from './decision.ts';
import type { OptimizerParts } from './optimizer-options.ts';
import type { Plan } from './planner.ts';
import { findRefusal, hostSafeguards } from './safeguards.ts';
import type { HostContext } from './safeguards.ts';
import { ageOf } from './whether.ts';
import type { DecisionInput, SeenSnapshot, WhetherDecision } from './whether.ts';

/** A decision before it is carried out. */
export interface Draft {
  readonly verdict: WhetherDecision;
  readonly plan: Plan;
  readonly latency: Omit<DecisionLatency, 'actionUs'>;
}

/** Drafts decisions. */
export interface Decider {
  /** Watches the targets and feeds the meters. */
  observe(seen: SeenSnapshot): Promise<void>;
  /** What the safeguards of the host look at. */
  hostContext(seen: SeenSnapshot): HostContext;
  /**
   * Drafts one decision.
   * @param takeTurn called in the same turn of the event loop as the safeguards that let the plan
   *   pass, so that two ticks cannot both pass; null explains only and remembers nothing
   */
  decide(input: DecisionInput, takeTurn: (() => void) | null): Promise<Draft>;
  /** Notes bytes handed over, or that would be in a dry run. */
  noteBytes(bytes: number): void;
}

const NO_PLAN: Plan = { targets: [], refusals: [], shortages: [] };

/** Builds the decider. @param isActing tells whether a turn is taken */
export function createDecider(parts: OptimizerParts, isActing: () => boolean): Decider {
  const { clock, whether, planner, tracker, limits, goal } = parts;
  const handedOver = createBytesMeter(limits.byteWindowMs);
  let watchedMs = Number.NEGATIVE_INFINITY;
  let watching: Promise<void> = Promise.resolve();
  let isWatching = false;

  const hostContext = (seen: SeenSnapshot): HostContext => ({
    ...limits,
    snapshotAgeMs: ageOf(seen, clock),
    isActionRunning: isActing(),
    windowEndsInMs: tracker.endsInMs(),
    bytesInWindow: handedOver.read(clock.monotonicMs()),
  });

  const planFor = (label: Label, context: HostContext, isExplained: boolean): Promise<Plan> =>
    planner
      .plan({
        label,
        maxBytes: Math.max(0, context.maxBytesPerWindow - context.bytesInWindow),
        mustWait: !isExplained,
        isActing: parts.isAllowedToAct(),
      })
      .catch(toUnreadable);

  return {
    hostContext,
    async observe({ snapshot, monotonicMs }) {
      await tracker.observe(snapshot, monotonicMs);
      const nowMs = clock.monotonicMs();
      if (!isWatching && nowMs - watchedMs >= limits.watchIntervalMs) {
        watchedMs = nowMs;
        isWatching = true;
        // What cannot be read leaves the stall unknown, and the law does not act on an unknown stall.
        watching = planner
          .watch(snapshot, parts.isAllowedToAct())
          .catch(() => undefined)
          .finally(() => (isWatching = false));
      }
      await watching;
    },
    async decide(input, takeTurn) {
      const startUs = nowUs();
      const verdict = await whether.decide(input);
      const labelledUs = nowUs();
      const isExplained = takeTurn === null;
      const isAsked = isExplained || goal === 'save' || planner.hasShortage();
      const context = isAsked || verdict.label !== 'NoActionNeeded' ? hostContext(input) : null;
      const refusal = context && findRefusal(hostSafeguards, context);
      if (context !== null && refusal === null) takeTurn?.();
      const decidedUs = nowUs();
      const latency = {
        whetherUs: labelledUs - startUs,
        policyUs: decidedUs - labelledUs,
        decisionUs: decidedUs - startUs,
        planUs: 0,
      };
      if (context === null) return { verdict, plan: NO_PLAN, latency };
      const refused = refusal === null ? [] : [{ ...refusal, target: null }];
      if (refusal !== null && !isExplained)
        return { verdict, plan: { ...NO_PLAN, refusals: refused }, latency };
      const plan = await planFor(verdict.label, context, isExplained);
      const all = { ...plan, refusals: [...refused, ...plan.refusals] };
      return { verdict, plan: all, latency: { ...latency, planUs: nowUs() - decidedUs } };
    },
    noteBytes(bytes) {
      handedOver.add(clock.monotonicMs(), bytes);
    },
  };
}

function toUnreadable(error: unknown): Plan {
  return { ...NO_PLAN, refusals: [{ rule: 'permission', target: null, reason: messageOf(error) }] };
}

/** Bytes handed over in the last `windowMs`. */
function createBytesMeter(windowMs: number): {
  add(atMs: number, bytes: number): void;
  read(nowMs: number): number;
} {
  const entries: { atMs: number; bytes: number }[] = [];
  return {
    add: (atMs, bytes) => entries.push({ atMs, bytes }),
    read(nowMs) {
      while (entries.length > 0 && entries[0]!.atMs < nowMs - windowMs) entries.shift();
      return entries.reduce((sum, { bytes }) => sum + bytes, 0);
    },
  };
}

const nowUs = (): number => Number(process.hrtime.bigint()) / 1000;
