// The optimizer's options, their defaults and the parts they build.
import { systemClock } from '../core/index.ts';
import type { Clock, OptimizationEvent, Predictor } from '../core/index.ts';
import type { Actuator } from './actuator.ts';
import { createCgroupActuator } from './cgroup-actuator.ts';
import type { Decision } from './decision.ts';
import { createGcActuator } from './gc-actuator.ts';
import { createHostReaders } from './host-readers.ts';
import type { HostReaders } from './host-readers.ts';
import { DEFAULT_STALL_BUDGET } from './goal.ts';
import type { Goal } from './goal.ts';
import { createStallLaw } from './how-much.ts';
import type { HowMuchLaw } from './how-much.ts';
import { createMadviseActuator } from './madvise-actuator.ts';
import { createModelPolicy } from './model-policy.ts';
import { createOutcomeTracker } from './outcome-tracker.ts';
import type { Outcome, OutcomeTracker } from './outcome-tracker.ts';
import { createPlanner } from './planner.ts';
import type { Planner } from './planner.ts';
import { createRulePolicy } from './rule-policy.ts';
import { createStallMeter } from './stall-meter.ts';
import type { TargetSpec } from './target.ts';
import { createTargetResolver } from './target-resolver.ts';
import { createWatchdog } from './watchdog.ts';
import type { Watchdog, WatchdogOptions } from './watchdog.ts';
import type { WhetherPolicy } from './whether.ts';

/** Options of `createOptimizer`. Every part has a default and can be replaced. */
export interface OptimizerOptions {
  /** The live model, or null to decide by the rule alone. */
  readonly predictor: Predictor | null;
  readonly targets: TargetSpec;
  /** False plans and touches nothing; a function is asked at every plan. @default false */
  readonly act?: boolean | (() => boolean);
  /** When there is a reason to act. @default 'relieve' */
  readonly goal?: Goal;
  /** Share of its time a target may wait for what was taken from it. @default 0.001 */
  readonly stallBudget?: number;
  /**
   * How long a region must have been quiet before it may be taken.
   * @default 10 s, 6 s and 4 s by how badly memory is short; 6 s while saving
   */
  readonly minQuietMs?: number;
  /** @default the model with the rule as its fallback */
  readonly whether?: WhetherPolicy;
  /** @default `createStallLaw({ stallBudget })` */
  readonly howMuch?: HowMuchLaw;
  /** @default process_madvise, cgroup_reclaim, gc */
  readonly actuators?: readonly Actuator[];
  /** Length of the window after an action in which its outcome is measured. @default 5000; 3000 while saving */
  readonly windowMs?: number;
  /** Shortest time between two actions on one target. @default 6000, Senpai's interval; 3000 while saving */
  readonly minIntervalMs?: number;
  /** Most bytes handed over in `byteWindowMs`. @default 1 GiB */
  readonly maxBytesPerWindow?: number;
  /** @default 60000 */
  readonly byteWindowMs?: number;
  /** Time between snapshots, for the stale check. @default 1000 */
  readonly sampleIntervalMs?: number;
  /** How many sampling intervals old a snapshot may be, though half a second always is. @default 3 */
  readonly staleIntervals?: number;
  /** Longest wait for the model. @default 250 */
  readonly predictTimeoutMs?: number;
  /** Window of the stall measurement. @default 10000; 60000 while saving */
  readonly stallWindowMs?: number;
  readonly watchdog?: Omit<WatchdogOptions, 'clock'>;
  readonly clock?: Clock;
  readonly readers?: HostReaders;
  /** Receives the event once the outcome is known; at once, without an outcome, in a dry run. */
  readonly onEvent?: (event: OptimizationEvent, outcome: Outcome | null) => void | Promise<void>;
  /** Receives every decision of `tick`. */
  readonly onDecision?: (decision: Decision) => void;
}

/** The parts an optimizer is made of. */
export interface OptimizerParts {
  readonly clock: Clock;
  readonly goal: Goal;
  readonly readers: HostReaders;
  readonly whether: WhetherPolicy;
  readonly planner: Planner;
  readonly tracker: OutcomeTracker;
  readonly watchdog: Watchdog;
  readonly actuators: readonly Actuator[];
  /** Aborted when the optimizer closes. */
  readonly closing: AbortController;
  readonly isAllowedToAct: () => boolean;
  readonly limits: {
    /** Shortest time between two looks at the targets. */
    readonly watchIntervalMs: number;
    readonly staleAfterMs: number;
    readonly maxBytesPerWindow: number;
    readonly byteWindowMs: number;
  };
}

const MIN_STALE_MS = 500;

/** Options with their defaults, but for those that have none. */
type Completed = Required<
  Pick<
    OptimizerOptions,
    | 'clock'
    | 'readers'
    | 'goal'
    | 'stallBudget'
    | 'minIntervalMs'
    | 'windowMs'
    | 'maxBytesPerWindow'
    | 'byteWindowMs'
    | 'sampleIntervalMs'
    | 'staleIntervals'
    | 'stallWindowMs'
  >
>;

/** Most bytes handed over in a minute. */
export const DEFAULT_BYTES_PER_MINUTE = 2 ** 30;

function complete(options: OptimizerOptions): Completed {
  const { goal = 'relieve' } = options;
  const defaults: Completed = {
    clock: systemClock,
    readers: options.readers ?? createHostReaders(),
    goal,
    stallBudget: DEFAULT_STALL_BUDGET,
    minIntervalMs: INTERVAL_MS[goal],
    windowMs: WINDOW_MS[goal],
    maxBytesPerWindow: DEFAULT_BYTES_PER_MINUTE,
    byteWindowMs: 60_000,
    sampleIntervalMs: 1000,
    staleIntervals: 3,
    stallWindowMs: STALL_WINDOW_MS[goal],
  };
  return { ...defaults, ...options };
}

/** Builds the parts from options and defaults. */
export async function buildParts(options: OptimizerOptions): Promise<OptimizerParts> {
  const completed = complete(options);
  const { clock, readers, goal, stallBudget, minIntervalMs, windowMs, stallWindowMs } = completed;
  const { maxBytesPerWindow, byteWindowMs, sampleIntervalMs, staleIntervals } = completed;
  const { minQuietMs = null, act = false } = options;
  // At 50 Hz a busy event loop alone is three intervals late; half a second says nothing false yet.
  const staleAfterMs = Math.max(MIN_STALE_MS, sampleIntervalMs * staleIntervals);
  const actuators = options.actuators ?? [
    createMadviseActuator({ readers }),
    createCgroupActuator({ readers }),
    createGcActuator(),
  ];
  const nowMs = (): number => clock.monotonicMs();
  const { kind } = await readers.readBackend();
  const closing = new AbortController();
  const watchdog = createWatchdog({ ...options.watchdog, clock });
  const planner = createPlanner({
    goal,
    resolver: await createTargetResolver({ spec: options.targets, readers, nowMs }),
    readers,
    howMuch: options.howMuch ?? createStallLaw({ stallBudget }),
    stallBudget,
    actuators,
    stall: createStallMeter({ windowMs: stallWindowMs, backend: kind }),
    watchdog,
    minIntervalMs,
    minQuietMs,
    nowMs,
    signal: closing.signal,
  });
  const targetPids = (): Promise<number[]> => planner.pids();
  return {
    clock,
    goal,
    readers,
    whether: buildWhether(options, staleAfterMs, clock),
    planner,
    tracker: createOutcomeTracker({ readers, clock, targetPids, windowMs }),
    watchdog,
    actuators,
    closing,
    isAllowedToAct: typeof act === 'function' ? act : () => act,
    limits: {
      staleAfterMs,
      maxBytesPerWindow,
      byteWindowMs,
      // Several looks within the time a region must be quiet, else its age would be guessed.
      watchIntervalMs: Math.min(WATCH_INTERVAL_MS, (minQuietMs ?? Infinity) / 4),
    },
  };
}

const WATCH_INTERVAL_MS = 1000;
/** While saving, memory that is used at regular times is away for some seconds only: steps follow sooner. */
const WINDOW_MS: Readonly<Record<Goal, number>> = { relieve: 5000, save: 3000 };
/** A budget of 0.1 % is meant for the long run: what moves now and then may cost a moment more. */
const STALL_WINDOW_MS: Readonly<Record<Goal, number>> = { relieve: 10_000, save: 60_000 };
/** 6 s is Senpai's interval. */
const INTERVAL_MS: Readonly<Record<Goal, number>> = { relieve: 6000, save: 3000 };

function buildWhether(options: OptimizerOptions, staleAfterMs: number, clock: Clock): WhetherPolicy {
  if (options.whether !== undefined) return options.whether;
  const rule = createRulePolicy();
  if (options.predictor === null) return rule;
  const { predictor, predictTimeoutMs = 250 } = options;
  return createModelPolicy({ predictor, rule, timeoutMs: predictTimeoutMs, staleAfterMs, clock });
}
