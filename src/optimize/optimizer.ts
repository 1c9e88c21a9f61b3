// The optimizer: features → whether → how much → which → act → outcome, once a tick.
// It only wires the parts; each decides in its own file.
import { randomUUID } from 'node:crypto';
import type { MemorySnapshot } from '../core/index.ts';
import { createActionRunner } from './action-runner.ts';
import type { Acted } from './action-runner.ts';
import type { TargetPlan } from './actuator.ts';
import { createDecider } from './decider.ts';
import type { Decider, Draft } from './decider.ts';
import type { Decision, Explanation, PlanSummary } from './decision.ts';
import { createStatsKeeper } from './decision-stats.ts';
import type { OptimizerStats } from './decision-stats.ts';
import { optimizerClosedError } from './errors.ts';
import type { Goal } from './goal.ts';
import { buildParts } from './optimizer-options.ts';
import type { OptimizerOptions, OptimizerParts } from './optimizer-options.ts';
import { hostSafeguards } from './safeguards.ts';
import { describeTarget } from './target.ts';
import type { DecisionInput } from './whether.ts';

/** Decides and acts. Ticks may overlap: while one acts, the others decide and are refused to act. */
export interface Optimizer extends AsyncDisposable {
  /**
   * Watches the targets and feeds the meters without deciding; `tick` and `explain` do it by themselves.
   * @param monotonicMs when it was taken, on the monotonic clock. @default its timestamp stands in
   */
  observe(snapshot: MemorySnapshot, monotonicMs?: number): Promise<void>;
  /**
   * One decision. Resolves after the action, before its outcome is known. A failing model, target
   * or actuator is data.
   * @throws OptimizeError `ERR_OPTIMIZE_CLOSED` after `close`
   */
  tick(input: DecisionInput): Promise<Decision>;
  /** The same decision with nothing done, counted or remembered but what the snapshot tells. */
  explain(input: DecisionInput): Promise<Explanation>;
  stats(): OptimizerStats;
  /** Pages that were taken and came back since the start, probes among them; cheap. */
  ownRefaults(): OptimizerStats['ownRefaults'];
  /** Waits until open outcome windows have ended and their events were received. */
  drain(): Promise<void>;
  /** Aborts running actions; open windows end now, and their events say so with `success` false. */
  close(): Promise<void>;
}

/**
 * Builds an optimizer. Processes named by pid are pinned to those that have the ids now.
 * @throws OptimizeError `ERR_OPTIMIZE_INVALID_OPTION` for targets that cannot be
 */
export async function createOptimizer(options: OptimizerOptions): Promise<Optimizer> {
  const parts = await buildParts(options);
  const stats = createStatsKeeper();
  let isActing = false;
  let isClosed = false;
  const decider = createDecider(parts, () => isActing);
  const runner = createActionRunner({
    ...parts,
    onActed: (plan) => parts.planner.noteDone(plan, true),
    onEvent: async (event, outcome) => options.onEvent?.(event, outcome),
    onOutcome: (outcome) => stats.noteOutcome(outcome),
    onEventFailure: () => stats.noteEventFailure(),
  });

  const build = (draft: Draft, mode: Decision['mode'], acted: Acted | null, timestamp: number): Decision =>
    buildDecision(parts.goal, draft, mode, acted, timestamp);

  const carryOut = async (input: DecisionInput, draft: Draft): Promise<Decision> => {
    const timestamp = parts.clock.nowMs();
    const { verdict, plan } = draft;
    if (plan.targets.length === 0) return build(draft, 'none', null, timestamp);
    decider.noteBytes(sumOf(plan.targets, 'bytes'));
    const request = { verdict, goal: parts.goal, plan: plan.targets, snapshot: input.snapshot, timestamp };
    if (parts.isAllowedToAct()) return build(draft, 'act', await runner.run(request), timestamp);
    parts.planner.noteDone(plan.targets, false);
    await runner.reportDryRun(request);
    return build(draft, 'dry_run', null, timestamp);
  };

  const tick = async (input: DecisionInput): Promise<Decision> => {
    if (isClosed) throw optimizerClosedError();
    await decider.observe(input);
    let hasTurn = false;
    const takeTurn = (): void => {
      hasTurn = true;
      isActing = true;
    };
    try {
      const decision = await carryOut(input, await decider.decide(input, takeTurn));
      stats.noteDecision(decision);
      options.onDecision?.(decision);
      return decision;
    } finally {
      if (hasTurn) isActing = false;
    }
  };

  const close = async (): Promise<void> => {
    isClosed = true;
    await runner.close();
    parts.planner.close();
  };
  return {
    observe: (snapshot, monotonicMs) =>
      decider.observe(monotonicMs === undefined ? { snapshot } : { snapshot, monotonicMs }),
    tick,
    explain: (input) => explain(parts, decider, input),
    stats: () => ({
      ...stats.read(),
      ownRefaults: parts.planner.returned(),
      savedKib: parts.planner.savedKib(),
    }),
    ownRefaults: () => parts.planner.returned(),
    drain: () => runner.drain(),
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function explain(parts: OptimizerParts, decider: Decider, input: DecisionInput): Promise<Explanation> {
  const { features, featureNames } = input;
  await decider.observe(input);
  const draft = await decider.decide(input, null);
  const context = decider.hostContext(input);
  const backend = await parts.readers.readBackend();
  const mode = draft.plan.targets.length > 0 ? 'dry_run' : 'none';
  return {
    decision: buildDecision(parts.goal, draft, mode, null, parts.clock.nowMs()),
    features: featureNames.map((name, i) => ({ name, value: features[i] ?? Number.NaN })),
    safeguards: hostSafeguards.map(({ name, protects, check }) => ({
      rule: name,
      protects,
      reason: check(context),
    })),
    backend: backend.reason,
  };
}

function buildDecision(
  goal: Goal,
  { verdict, plan, latency }: Draft,
  mode: Decision['mode'],
  acted: Acted | null,
  timestamp: number,
): Decision {
  const { label, probabilities, source, modelVersion, reason } = verdict;
  return {
    id: randomUUID(),
    timestamp,
    label,
    probabilities,
    source,
    modelVersion,
    reason,
    fallback: verdict.fallback ?? null,
    goal,
    shortages: plan.shortages,
    budgetBytes: sumOf(plan.targets, 'budgetBytes'),
    plan: plan.targets.map(summarise),
    refusals: plan.refusals,
    mode,
    action: acted?.action ?? null,
    outcome: acted?.outcome ?? null,
    latency: { ...latency, actionUs: acted?.action.durationUs ?? 0 },
  };
}

function summarise({ target, regions, ...plan }: TargetPlan): PlanSummary {
  const pid = target.kind === 'process' ? target.pid : null;
  return { ...plan, target: describeTarget(target), pid, regions: regions.length };
}

const sumOf = (plans: readonly TargetPlan[], key: 'bytes' | 'budgetBytes'): number =>
  plans.reduce((sum, plan) => sum + plan[key], 0);
