// dag/cut: what holds a plan back, and how much of what it can bear is used. Knows only dag/graph.
export { DagMinCutEngine, findSaturation } from './min-cut-engine.ts';
export type { AnalyzeOptions, PlanBottleneck, BottleneckAnalysis, MinCutOptions } from './min-cut-engine.ts';
export type { FlowKind } from './plan-rates.ts';
export type { TensionListener, TensionSignal, TensionSignalKind } from './tension-signals.ts';
