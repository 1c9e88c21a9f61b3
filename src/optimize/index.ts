// optimize: whether to act (the model's label), how much (measured stall), on which regions, the
// actuators, the safeguards and the honest outcome. It trains nothing and stores nothing.
export { createOptimizer } from './optimizer.ts';
export type { Optimizer } from './optimizer.ts';
export type { OptimizerOptions } from './optimizer-options.ts';
export type {
  ActionResult,
  Decision,
  DecisionLatency,
  Explanation,
  PlanSummary,
  Refusal,
  TargetActionResult,
} from './decision.ts';
export type { OptimizerStats } from './decision-stats.ts';
export type { DecisionInput, FallbackCause, WhetherDecision, WhetherPolicy } from './whether.ts';
export { createModelPolicy } from './model-policy.ts';
export type { ModelPolicyOptions } from './model-policy.ts';
export { RULE_THRESHOLDS, createRulePolicy, decideByRule } from './rule-policy.ts';
export type { RulePolicyOptions, RuleThreshold } from './rule-policy.ts';
export { createSenpaiLaw, stallOf, tmoReclaimBytes } from './how-much.ts';
export type { HowMuchLaw, HowMuchState, SenpaiLawOptions, StallReading } from './how-much.ts';
export { createRegionSelector } from './region-selector.ts';
export type { Region, RegionPlan, RegionSelector, RegionSelectorOptions } from './region-selector.ts';
export type { Actuator, ActuatorResult, TargetPlan } from './actuator.ts';
export { createMadviseActuator } from './madvise-actuator.ts';
export type { MadviseActuatorOptions } from './madvise-actuator.ts';
export { createCgroupActuator } from './cgroup-actuator.ts';
export type { CgroupActuatorOptions } from './cgroup-actuator.ts';
export { createGcActuator } from './gc-actuator.ts';
export { createSyscalls } from './syscalls.ts';
export type { Advice, SyscallResult, Syscalls } from './syscalls.ts';
export { readReclaimBackend } from './reclaim-backend.ts';
export type { ReclaimBackend, SwapDevice } from './reclaim-backend.ts';
export { createHostReaders } from './host-readers.ts';
export type { HostReaders, HostRoots, MemoryLevels } from './host-readers.ts';
export { createOutcomeTracker } from './outcome-tracker.ts';
export type { Outcome, OutcomeTracker, OutcomeTrackerOptions, OutcomeWindow } from './outcome-tracker.ts';
export type { WatchdogOptions } from './watchdog.ts';
export { safeguards } from './safeguards.ts';
export type { Safeguard } from './safeguards.ts';
export type { CgroupTarget, ProcessTarget, SelfTarget, Target, TargetSpec } from './target.ts';
export { OptimizeError } from './errors.ts';
export type { ActionFailure, OptimizeErrorCode } from './errors.ts';
