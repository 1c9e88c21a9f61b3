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
export type { OptimizerStats, OutcomeSums } from './decision-stats.ts';
export type { DecisionInput, FallbackCause, WhetherDecision, WhetherPolicy } from './whether.ts';
export { createModelPolicy } from './model-policy.ts';
export type { ModelPolicyOptions } from './model-policy.ts';
export { RULE_THRESHOLDS, createRulePolicy, decideByRule } from './rule-policy.ts';
export type { RulePolicyOptions, RuleThreshold } from './rule-policy.ts';
export { DEFAULT_STALL_BUDGET, goals } from './goal.ts';
export { DEFAULT_BYTES_PER_MINUTE } from './optimizer-options.ts';
export type { Goal } from './goal.ts';
export { findCgroupShortage, findHostShortage } from './shortage.ts';
export type { CgroupStall, Shortage } from './shortage.ts';
export type { MemoryCgroup } from './memory-cgroup.ts';
export { createStallLaw, stallOf, tmoReclaimBytes } from './how-much.ts';
export type { HowMuchLaw, HowMuchState, StallLawOptions, StallReading } from './how-much.ts';
export type { PageCounts, PagesToBringBack, Region, RegionPlan } from './region-plan.ts';
export type { MappingPlace, RegionPlace } from './region-map.ts';
export type {
  Actuator,
  ActuatorPlan,
  ActuatorResult,
  AddressRange,
  PlanEvidence,
  TargetPlan,
} from './actuator.ts';
export type { Pagemap } from './pagemap.ts';
export type { PageCache } from './page-cache.ts';
export { createMadviseActuator, dropUnmapped } from './madvise-actuator.ts';
export type { MadviseActuatorOptions } from './madvise-actuator.ts';
export { createCgroupActuator } from './cgroup-actuator.ts';
export type { CgroupActuatorOptions } from './cgroup-actuator.ts';
export { createGcActuator } from './gc-actuator.ts';
export { createSyscalls } from './syscalls.ts';
export type { Advice, SyscallResult, Syscalls } from './syscalls.ts';
export { readReclaimBackend } from './reclaim-backend.ts';
export type { CompressedStore, ReclaimBackend, SwapDevice } from './reclaim-backend.ts';
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
