// What of src/dag a browser gets as one file: graphs, attention, min cuts, healing and the search for similar patterns.
// Readers of plans come along, cost models and SONA's worker do not. Bundled by scripts/bundle-browser.mjs,
// published as `ruvector-memopt/dag/browser`.
export {
  decodeDag,
  encodeDag,
  findCriticalPath,
  isOperatorType,
  OperatorNode,
  OperatorType,
  parseDag,
  parseDuckDbExplain,
  parsePolarsPlan,
  parsePostgresExplain,
  QueryDag,
} from './graph/index.ts';
export {
  AttentionSelector,
  AttentionType,
  CausalConeAttention,
  CriticalPathAttention,
  HierarchicalLorentzAttention,
  MinCutGatedAttention,
  ParallelBranchAttention,
  SelectionPolicy,
  TemporalBtspAttention,
  TopologicalAttention,
} from './attention/index.ts';
export type {
  CriticalPath,
  DagEdge,
  OperatorDetails,
  OperatorFacts,
  OperatorOptions,
} from './graph/index.ts';
export type { AttentionMatrix, AttentionSelection, DagAttention } from './attention/index.ts';
export type { AnalyzeOptions, PlanBottleneck, BottleneckAnalysis, TensionSignal } from './cut/index.ts';
export { DagMinCutEngine } from './cut/index.ts';
export { Cusum, HealingOrchestrator, PageHinkley, TensionForecast } from './healing/index.ts';
export type {
  AnomalyOptions,
  HealingCycle,
  HealingSuggestion,
  PredictiveOptions,
  Repair,
  RepairAttempt,
  TensionAnalysis,
  Trouble,
} from './healing/index.ts';
export { PatternIndex } from './patterns/index.ts';
export type { PatternMatch } from './patterns/index.ts';
