// Carries a plan out under the watchdog, measures its outcome and hands over the event.
// A new action waits until the window of the last one has ended (safeguard `outcome-window`).
import type { MemorySnapshot, OptimizationEvent } from '../core/index.ts';
import type { Actuator, TargetPlan } from './actuator.ts';
import type { ActionResult, TargetActionResult } from './decision.ts';
import type { Goal } from './goal.ts';
import { buildOptimizationEvent } from './optimization-event.ts';
import type { Outcome, OutcomeTracker } from './outcome-tracker.ts';
import { describeTarget } from './target.ts';
import type { Watchdog } from './watchdog.ts';
import type { WhetherDecision } from './whether.ts';

/** What is to be carried out. */
export interface ActionRequest {
  readonly goal: Goal;
  readonly verdict: WhetherDecision;
  readonly plan: readonly TargetPlan[];
  readonly snapshot: MemorySnapshot;
  readonly timestamp: number;
}

/** What was done; the outcome follows at the end of the window. */
export interface Acted {
  readonly action: ActionResult;
  /** Never rejects. */
  readonly outcome: Promise<Outcome>;
}

/** Carries plans out. */
export interface ActionRunner {
  run(request: ActionRequest): Promise<Acted>;
  /** Hands over the event of a plan that was not carried out. */
  reportDryRun(request: ActionRequest): Promise<void>;
  /** Waits for open windows and their events. */
  drain(): Promise<void>;
  /** Aborts running actions and ends open windows now, then drains. */
  close(): Promise<void>;
}

/** Options of {@link createActionRunner}. */
export interface ActionRunnerOptions {
  /** Aborted by {@link ActionRunner.close}. */
  readonly closing: AbortController;
  readonly actuators: readonly Actuator[];
  readonly watchdog: Watchdog;
  readonly tracker: OutcomeTracker;
  /** Told right after the actuators are done, before the window. */
  readonly onActed: (plan: readonly TargetPlan[]) => void;
  readonly onEvent: (event: OptimizationEvent, outcome: Outcome | null) => void | Promise<void>;
  readonly onOutcome: (outcome: Outcome) => void;
  readonly onEventFailure: (error: unknown) => void;
}

/** Builds the runner. */
export function createActionRunner(options: ActionRunnerOptions): ActionRunner {
  const { actuators, watchdog, tracker, closing } = options;
  const pending = new Set<Promise<void>>();

  const report = async (event: OptimizationEvent, outcome: Outcome | null): Promise<void> => {
    try {
      await options.onEvent(event, outcome);
    } catch (error) {
      options.onEventFailure(error);
    }
  };

  const runTarget = async (plan: TargetPlan): Promise<TargetActionResult> => {
    const actuator = actuators.find(({ name }) => name === plan.actuator)!;
    const result = await watchdog.run(actuator, plan, closing.signal);
    const names = { target: describeTarget(plan.target), actuator: plan.actuator };
    return { ...names, ...result, error: result.error ?? null };
  };

  const drain = async (): Promise<void> => {
    while (pending.size > 0) await Promise.all(pending);
  };

  return {
    async run(request) {
      const window = await tracker.open(request.plan);
      const results: TargetActionResult[] = [];
      for (const target of request.plan) results.push(await runTarget(target));
      options.onActed(request.plan);
      const action = sumResults(results);
      const outcome = tracker.close(
        window,
        closing.signal,
        results.map(({ advisedBytes }) => advisedBytes),
      );
      const reported = outcome.then((seen) => {
        options.onOutcome(seen);
        return report(buildOptimizationEvent({ ...request, mode: 'act', action, outcome: seen }), seen);
      });
      pending.add(reported);
      void reported.finally(() => pending.delete(reported));
      return { action, outcome };
    },
    reportDryRun: (request) =>
      report(buildOptimizationEvent({ ...request, mode: 'dry_run', action: null, outcome: null }), null),
    drain,
    close() {
      closing.abort(new Error('the optimizer was closed'));
      return drain();
    },
  };
}

/** Adds the results of all targets up; the first failure stands for the action. */
export function sumResults(targets: readonly TargetActionResult[]): ActionResult {
  const sum = (key: 'advisedBytes' | 'rssDropBytes' | 'durationUs'): number =>
    targets.reduce((total, result) => total + result[key], 0);
  return {
    targets,
    advisedBytes: sum('advisedBytes'),
    rssDropBytes: sum('rssDropBytes'),
    durationUs: sum('durationUs'),
    error: targets.find(({ error }) => error !== null)?.error ?? null,
  };
}
