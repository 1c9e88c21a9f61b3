// dag/attention: which operators of a plan matter, by seven mechanisms, and which of them to trust. Knows dag/graph and
// dag/cut.
export { AttentionType, attentionTypes, SelectionPolicy } from './attention-type.ts';
export { AttentionSelector, enabledByDefault } from './attention-selector.ts';
export type {
  AttentionOutcome,
  AttentionSelection,
  ScoreSource,
  SelectorOptions,
} from './attention-selector.ts';
export { triggers } from './plan-circumstances.ts';
export type { Circumstances } from './plan-circumstances.ts';
export type { AttentionMatrix, AttentionOptions, DagAttention } from './dag-attention.ts';
export { attentionFeatureCount, attentionFeatures, createDefaultWeights } from './attention-head.ts';
export type { AttentionWeights } from './attention-head.ts';
export { fitAttention } from './fit-head.ts';
export type { AttentionSample, FitOptions } from './fit-head.ts';
export { findKnownShares, findTimeShares, scoreForecast } from './forecast.ts';
export type { ForecastScore } from './forecast.ts';
export { TopologicalAttention } from './topological.ts';
export type { TopologicalOptions } from './topological.ts';
export { CausalConeAttention, findImpact } from './causal-cone.ts';
export type { CausalConeOptions } from './causal-cone.ts';
export { CriticalPathAttention, findCriticality } from './critical-path.ts';
export type { CriticalityOptions, CriticalPathOptions } from './critical-path.ts';
export { MinCutGatedAttention } from './min-cut-gated.ts';
export type { MinCutGatedOptions } from './min-cut-gated.ts';
export { HierarchicalLorentzAttention } from './hierarchical-lorentz.ts';
export type { HierarchicalLorentzOptions } from './hierarchical-lorentz.ts';
export { findTreeDistortion, lorentzProduct } from './hyperbolic-tree.ts';
export type { HyperbolicOptions, LorentzPoint, TreeDistortion } from './hyperbolic-tree.ts';
export { ParallelBranchAttention } from './parallel-branch.ts';
export type { ParallelBranchOptions } from './parallel-branch.ts';
export { analyzeBranches } from './branches.ts';
export type { BranchAnalysis } from './branches.ts';
export { TemporalBtspAttention } from './temporal-btsp.ts';
export type { TemporalBtspOptions } from './temporal-btsp.ts';
