// The builder: `pipeline().from(source).through(stage).to(sink)`. What may come next is what its type has, so that a
// pipeline without a source or a sink does not compile. It is never changed: each call gives another one.
import { placeStage } from './pipeline-parts.ts';
import type { AnySink, AnySource, AnyStage, PlacedStage, StageOptions } from './pipeline-parts.ts';
import { planPipeline } from './plan.ts';
import type { PipelinePlan, PlanOptions } from './plan.ts';
import type { PipelineResult, PipelineRunOptions } from './run-legs.ts';
import { untilAborted } from './run-native.ts';

/** A pipeline without a source. */
export interface EmptyPipeline {
  /** Rows come from here. */
  from(source: AnySource, options?: { readonly name?: string }): OpenPipeline;
}

/** A pipeline without a sink. */
export interface OpenPipeline {
  /** Then they go through this stage. */
  through(stage: AnyStage, options?: StageOptions): OpenPipeline;
  /** And end here. */
  to(sink: AnySink, options?: { readonly name?: string }): Pipeline;
}

/** A whole pipeline. Sources and sinks that are open can run once. */
export interface Pipeline {
  /** Decides what runs where. @throws RuvectorError `ERR_PIPELINE_*` */
  plan(options?: PlanOptions): Promise<PipelinePlan>;
  /** Plans and runs it. @throws RuvectorError `ERR_PIPELINE_*`; the signal's reason, at once */
  run(options?: PipelineRunOptions & Pick<PlanOptions, 'budget'>): Promise<PipelineResult>;
}

/**
 * Begins a pipeline.
 * @example
 * await pipeline()
 *   .from(fileSource('metrics/*.parquet'))
 *   .through(filter('rss_kib > 0'))
 *   .through(select('timestamp, pid', 'rss_kib / 1024.0 as rss_mb'))
 *   .to(sink)
 *   .run();
 */
export function pipeline(): EmptyPipeline {
  return { from: (source, { name = nameOf(source, 'source') } = {}) => buildOpen(source, name, []) };
}

function buildOpen(source: AnySource, sourceName: string, stages: readonly PlacedStage[]): OpenPipeline {
  return {
    through: (stage, options = {}) => {
      const taken = [sourceName, ...stages.map(({ name }) => name)];
      return buildOpen(source, sourceName, [...stages, placeStage(stage, options, taken)]);
    },
    to: (sink, { name = nameOf(sink, 'sink') } = {}) =>
      buildWhole({ source, stages, sink, names: { source: sourceName, sink: name } }),
  };
}

function buildWhole(parts: Parameters<typeof planPipeline>[0]): Pipeline {
  return {
    plan: (options) => planPipeline(parts, options),
    run: async ({ budget, ...options } = {}) => {
      const { signal = new AbortController().signal } = options;
      const plan = await untilAborted(planPipeline(parts, { ...(budget && { budget }) }), signal);
      return plan.run(options);
    },
  };
}

const nameOf = (end: AnySource | AnySink, otherwise: string): string => ('name' in end ? end.name : otherwise);
