// A pipeline that was planned: what runs where is decided, nothing has run.
import type { MemoryBudget, NativeSource } from '../contract.ts';
import { createMemoryBudget } from '../memory/budget.ts';
import { estimate } from './estimate.ts';
import type { Estimate } from './estimate.ts';
import { explainLegs, renderExplanation } from './explain.ts';
import type { Explanation } from './explain.ts';
import { openTable, openTables } from './frames.ts';
import { learnStages } from './learn-stages.ts';
import { planLegs } from './legs.ts';
import type { Leg } from './legs.ts';
import { isNativeSink, isNativeSource } from './pipeline-parts.ts';
import type { AnySink, AnySource, PlacedStage } from './pipeline-parts.ts';
import { runLegs } from './run-legs.ts';
import type { PipelineResult, PipelineRunOptions } from './run-legs.ts';
import { settleStages } from './settle-stages.ts';

/** What the builder puts together. */
export interface PipelineParts {
  readonly source: AnySource;
  readonly stages: readonly PlacedStage[];
  readonly sink: AnySink;
  readonly names: { readonly source: string; readonly sink: string };
}

/** Options of a plan. */
export interface PlanOptions {
  /** True: `estimate()` is made, which reads up to 10,000 rows. @default false */
  readonly dryRun?: boolean;
  /** Memory of stages of batches. @default 256 MiB */
  readonly budget?: MemoryBudget;
}

/** A pipeline, planned. */
export interface PipelinePlan {
  /** What runs where and why. `optimized` adds what Polars makes of the plans. */
  explain(options?: { readonly optimized?: boolean }): Promise<Explanation>;
  /** Rows and bytes of a dry run; null without one, and for a source that no plan reads. */
  readonly estimate: Estimate | null;
  /** Runs it. @throws RuvectorError `ERR_PIPELINE_*`; the signal's reason, at once */
  run(options?: PipelineRunOptions): Promise<PipelineResult>;
}

const BUDGET_BYTES = 256 * 2 ** 20;

/**
 * Plans a pipeline: columns are looked up, expressions read, legs decided.
 * @throws RuvectorError `ERR_PIPELINE_*` for columns, types and expressions that do not fit, and for unreadable files
 */
export async function planPipeline(parts: PipelineParts, options: PlanOptions = {}): Promise<PipelinePlan> {
  const { source, sink, names } = parts;
  const budget = options.budget ?? createMemoryBudget(BUDGET_BYTES);
  const ends = { isSourceNative: isNativeSource(source), isSinkNative: isNativeSink(sink) };
  const legs = planLegs(await settleStages(source, parts.stages), ends);
  return {
    estimate: options.dryRun && isNativeSource(source) ? await estimateFirst(source, legs) : null,
    explain: async ({ optimized = false } = {}) => {
      const stages = explainLegs(legs, { ...names, ...ends });
      const plans =
        optimized && isNativeSource(source) ? [{ leg: 1, plan: await describeFirst(source, legs) }] : [];
      return { stages, optimized: plans, text: renderExplanation(stages, plans) };
    },
    run: (runOptions = {}) => runLegs({ source, sink, names, legs, budget }, runOptions),
  };
}

/**
 * The plan that reads the source, up to a stage whose columns rows decide; those of later legs read what is not
 * written yet.
 */
async function openFirst(source: NativeSource, [first]: readonly Leg[]) {
  const end = first!.stages.findIndex(({ rowsDecideColumns }) => rowsDecideColumns);
  const known = end < 0 ? first!.stages : first!.stages.slice(0, end);
  const tables = await openTables(source, known);
  return { tables, stages: await learnStages(tables, known, false) };
}

async function estimateFirst(source: NativeSource, legs: readonly Leg[]): Promise<Estimate> {
  const { tables, stages } = await openFirst(source, legs);
  return estimate(tables, stages);
}

async function describeFirst(source: NativeSource, legs: readonly Leg[]): Promise<string> {
  const { tables, stages } = await openFirst(source, legs);
  return (await openTable(tables, stages)).describeOptimizedPlan();
}
