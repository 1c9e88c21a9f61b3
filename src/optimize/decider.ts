// From a snapshot to a draft: label, safeguards of the host, plan. It acts on nothing.
import { messageOf } from '../core/index.ts';
import type { MemorySnapshot } from '../core/index.ts';
import type { DecisionLatency } from './decision.ts';
import type { OptimizerParts } from './optimizer-options.ts';
import type { Plan } from './planner.ts';
import { findRefusal, hostSafeguards } from './safeguards.ts';
import type { HostContext } from './safeguards.ts';
import type { DecisionInput, WhetherDecision } from './whether.ts';

/** A decision before it is carried out. */
export interface Draft {
  readonly verdict: WhetherDecision;
  readonly plan: Plan;
  readonly latency: Omit<DecisionLatency, 'actionUs'>;
}

/** Drafts decisions. */
export interface Decider {
  /** Feeds the stall and drift meters. */
  observe(snapshot: MemorySnapshot): Promise<void>;
  /** What the safeguards of the host look at. */
  hostContext(snapshot: MemorySnapshot): HostContext;
  /**
   * Drafts one decision.
   * @param takeTurn called in the same turn of the event loop as the safeguards that let the plan
   *   pass, so that two ticks cannot both pass; null explains only and remembers nothing
   */
  decide(input: DecisionInput, takeTurn: (() => void) | null): Promise<Draft>;
  /** Notes that a plan is carried out, or would be in a dry run: its bytes and regions count from now. */
  notePlan(plan: Plan, isActed: boolean): void;
}

const SAMPLE_TARGETS_MS = 1000;
const NO_PLAN: Plan = { targets: [], refusals: [] };

/** Builds the decider. @param isActing tells whether a turn is taken */
export function createDecider(parts: OptimizerParts, isActing: () => boolean): Decider {
  const { clock, whether, stall, planner, tracker, limits } = parts;
  const handedOver = createBytesMeter(limits.byteWindowMs);
  let sampledMs = Number.NEGATIVE_INFINITY;

  const hostContext = (snapshot: MemorySnapshot): HostContext => ({
    ...limits,
    snapshotAgeMs: clock.nowMs() - snapshot.timestamp,
    isActionRunning: isActing(),
    windowEndsInMs: tracker.endsInMs(),
    bytesInWindow: handedOver.read(clock.monotonicMs()),
  });

  return {
    hostContext,
    async observe(snapshot) {
      stall.observeHost(snapshot);
      await tracker.observe(snapshot);
      const nowMs = clock.monotonicMs();
      if (nowMs - sampledMs < SAMPLE_TARGETS_MS) return;
      sampledMs = nowMs;
      // What cannot be read leaves the stall unknown, and the law does not act on an unknown stall.
      await planner.sample().catch(() => undefined);
    },
    async decide(input, takeTurn) {
      const startUs = nowUs();
      const verdict = await whether.decide(input);
      const labelledUs = nowUs();
      const context = verdict.label === 'NoActionNeeded' ? null : hostContext(input.snapshot);
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
      if (refusal)
        return { verdict, plan: { targets: [], refusals: [{ ...refusal, target: null }] }, latency };
      const roomBytes = context.maxBytesPerWindow - context.bytesInWindow;
      const plan = await planner.plan(verdict.label, roomBytes, takeTurn !== null).catch(toUnreadable);
      return { verdict, plan, latency: { ...latency, planUs: nowUs() - decidedUs } };
    },
    notePlan(plan, isActed) {
      handedOver.add(
        clock.monotonicMs(),
        plan.targets.reduce((sum, { bytes }) => sum + bytes, 0),
      );
      planner.notePlanned(plan);
      if (isActed) planner.noteActed(plan);
    },
  };
}

function toUnreadable(error: unknown): Plan {
  return { targets: [], refusals: [{ rule: 'permission', target: null, reason: messageOf(error) }] };
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
